// SPDX-License-Identifier: Apache-2.0
// moto keeps the hooks of auto-scaling groups and lets nobody wait at them. This stands before it and adds that, as the user guide of
// Amazon EC2 Auto Scaling has it ("Amazon EC2 Auto Scaling lifecycle hooks", "Complete a lifecycle action"):
// - A machine that was launched is Pending:Wait, one that was ended Terminating:Wait, until CompleteLifecycleAction. It runs meanwhile.
// - One that waits at its end does not count in the desired capacity, nor does the group end it a second time.
// - CompleteLifecycleAction and RecordLifecycleActionHeartbeat refuse one that waits at no such hook (ValidationError).
import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Transition = "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";

const namespace = "http://autoscaling.amazonaws.com/doc/2011-01-01/";

export class MotoWithHooks {
  readonly #moto: URL;
  readonly #server: Server;
  /** Names of hooks by group and transition. */
  readonly #hooks = new Map<string, string>();
  /** What the end of each machine that waits for it was asked by. */
  readonly #ending = new Map<string, { readonly group: string; readonly call: Call }>();
  readonly #launched = new Set<string>();
  /** Ids of machines whose end was asked for, as often as it was. */
  readonly ends: string[] = [];

  /** Ids of machines that wait for their end. */
  get waiting(): readonly string[] {
    return [...this.#ending.keys()];
  }

  constructor(moto: string) {
    this.#moto = new URL(moto);
    this.#server = createServer(async (from, to) => {
      const answer = await this.#answer({ headers: from.headers, body: await text(from) });
      to.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) });
      to.end(answer.body);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(call: Call): Promise<Answer> {
    const words = new URLSearchParams(call.body);
    const [action, group, id] = [
      words.get("Action"),
      words.get("AutoScalingGroupName"),
      words.get("InstanceId"),
    ];
    if (action === "PutLifecycleHook")
      this.#hooks.set(`${group} ${words.get("LifecycleTransition")}`, words.get("LifecycleHookName") ?? "");
    if (action === "TerminateInstanceInAutoScalingGroup") return await this.#end(id ?? "", call);
    if (action === "CompleteLifecycleAction" || action === "RecordLifecycleActionHeartbeat")
      return await this.#goOn(action, group ?? "", id ?? "", words.get("LifecycleHookName") ?? "");
    if (action === "SetDesiredCapacity") {
      const desired = Number(words.get("DesiredCapacity")) + this.#uncounted(group ?? "");
      words.set("DesiredCapacity", String(desired));
      return await this.#ask({ ...call, body: words.toString() });
    }
    const answer = await this.#ask(call);
    return action === "DescribeAutoScalingGroups" ? { ...answer, body: this.#told(answer.body) } : answer;
  }

  async #end(id: string, call: Call): Promise<Answer> {
    this.ends.push(id);
    const words = new URLSearchParams({ Action: "DescribeAutoScalingInstances", "InstanceIds.member.1": id });
    words.set("Version", "2011-01-01");
    const { body } = await this.#ask({ ...call, body: words.toString() });
    const [, group = ""] = /<AutoScalingGroupName>([^<]*)</.exec(body) ?? [];
    if (this.#hook(group, "autoscaling:EC2_INSTANCE_TERMINATING") === undefined) return await this.#ask(call);
    if (this.#ending.has(id)) return refusal("ScalingActivityInProgress", `${id} is being ended already`);
    this.#ending.set(id, { group, call });
    return done("TerminateInstanceInAutoScalingGroup");
  }

  async #goOn(action: string, group: string, id: string, hook: string): Promise<Answer> {
    const ending = this.#ending.get(id);
    const transition = ending === undefined ? "LAUNCHING" : "TERMINATING";
    const waits = ending !== undefined || !this.#launched.has(id);
    if (!waits || hook !== this.#hook(group, `autoscaling:EC2_INSTANCE_${transition}`))
      return refusal("ValidationError", `No active Lifecycle Action found with instance ID ${id}`);
    if (action === "RecordLifecycleActionHeartbeat") return done(action);
    if (ending === undefined) this.#launched.add(id);
    else {
      this.#ending.delete(id);
      await this.#ask(ending.call);
    }
    return done(action);
  }

  #hook(group: string, transition: Transition): string | undefined {
    return this.#hooks.get(`${group} ${transition}`);
  }

  /** Machines that moto counts and AWS does not. */
  #uncounted(group: string): number {
    const ofGroup = [...this.#ending.values()].filter((one) => one.group === group);
    return ofGroup.filter(({ call }) => call.body.includes("ShouldDecrementDesiredCapacity=true")).length;
  }

  /** What moto tells of groups, with the machines that wait. */
  #told(body: string): string {
    return body.replace(/<AutoScalingGroupName>[\s\S]*?(?=<AutoScalingGroupName>|$)/g, (part) => {
      const [, group = ""] = /^<AutoScalingGroupName>([^<]*)</.exec(part) ?? [];
      const uncounted = this.#uncounted(group);
      return part
        .replace(/<DesiredCapacity>(\d+)</, (_, n) => `<DesiredCapacity>${Number(n) - uncounted}<`)
        .replace(/<Instances>[\s\S]*?<\/Instances>/, (machines) =>
          machines.replace(/<member>[\s\S]*?<\/member>/g, (machine) => this.#phased(group, machine)),
        );
    });
  }

  #phased(group: string, machine: string): string {
    const [, id = ""] = /<InstanceId>([^<]*)</.exec(machine) ?? [];
    const isNew =
      this.#hook(group, "autoscaling:EC2_INSTANCE_LAUNCHING") !== undefined && !this.#launched.has(id);
    const phase = this.#ending.has(id) ? "Terminating:Wait" : isNew ? "Pending:Wait" : "InService";
    return machine.replace(/<LifecycleState>[^<]*</, `<LifecycleState>${phase}<`);
  }

  #ask({ headers, body }: Call): Promise<Answer> {
    const own = { ...headers, host: this.#moto.host, "content-length": String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const asked = request(this.#moto, { method: "POST", headers: own }, (answer) => {
        text(answer).then(
          (told) => resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: told }),
          reject,
        );
      });
      asked.once("error", reject);
      asked.end(body);
    });
  }
}

function done(action: string): Answer {
  const body = `<${action}Response xmlns="${namespace}"><${action}Result/></${action}Response>`;
  return { status: 200, headers: { "content-type": "text/xml" }, body };
}

function refusal(code: string, message: string): Answer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  const body = `<ErrorResponse xmlns="${namespace}">${error}</ErrorResponse>`;
  return { status: 400, headers: { "content-type": "text/xml" }, body };
}
