// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { resourceTypes } from "./aws-plugin/types";
import { inventory } from "./support/aws-inventory";
import { AwsStack, missing, region, secret } from "./support/aws-stack";
import { ClusterKeys } from "./support/cluster-keys";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";
import type { AwsCall } from "./support/moto";
import { repository } from "./support/repository";

/*
 * `examples/aws` as it is, by the real engine and the real plugin `mesos`. What stands in:
 * - for AWS a moto server, to which a plugin of the tests alone (`aws-plugin/`) carries the resources by AWS's own SDK;
 * - for the machines, which moto records but never starts, processes of this machine (`support/aws-machines.ts`): they carry
 *   out each instance's user data, the commands of its unit in their order, and the program in it listens at the instance's
 *   private address, in a network of its own.
 * The engine and its plugins run in another network, from which only a bastion is reached (`support/bastion.ts`): the plugin gets
 * to private addresses by its own tunnel through a real sshd. So ZooKeeper, HAProxy, nginx, the gates, the tunnel, the controller of
 * agent groups and what it asks of AWS are real, and Mesos and Marathon the simulator's; load balancers, security groups and roles
 * are only recorded.
 */
describe("examples/aws on a moto server, its machines' commands run in order by this one", function () {
  // A bound against hanging.
  this.timeout(600_000);
  let aws: AwsStack | undefined;
  let empty: Awaited<ReturnType<typeof inventory>>;

  before(async function () {
    const why = await missing();
    if (why !== undefined) {
      for (const test of this.test?.parent?.tests ?? []) test.title += ` (not on this machine: ${why})`;
      return;
    }
    aws = await AwsStack.create();
    if (typeof aws.bastion === "string") {
      for (const test of this.test?.parent?.tests ?? []) test.title += ` (without a bastion: ${aws.bastion})`;
    }
    empty = await inventory(aws.moto.endpoint, region);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") console.log(aws?.logs());
  });
  after(() => aws?.close());

  /** Without moto a test says so by its title. */
  const on = (work: (aws: AwsStack) => Promise<void>) => async (): Promise<void> => {
    if (aws !== undefined) await work(aws);
  };

  it(
    "fails at its preview without credentials, in one line and before anything is made",
    on(async (aws) => {
      const { code, output, calls } = await aws.runWithoutCredentials("preview");
      assert.notEqual(code, 0);
      const errors = [...output.matchAll(/^ *error: (.*)$/gm)].map(([, text]) => text);
      assert.deepEqual(errors, [
        "pulumi:providers:aws resource 'platform-aws' has a problem: No valid credential sources found.",
      ]);
      assert.deepEqual(calls, []);
    }),
  );

  it(
    "fails at its preview for an image of another architecture or one that is not there, in one line and before anything is made",
    on(async (aws) => {
      const known = (await aws.stack.ok("config", "get", "ami")).trim();
      for (const [ami, why] of [
        [
          "ami-0e9271c829888680e",
          'image.architecture: is "x86_64", but ami-0e9271c829888680e is arm64; name',
        ],
        ["ami-0123456789abcdef0", `image.ami: must be an image in ${region} that this account may use, got`],
      ] as const) {
        await aws.stack.ok("config", "set", "ami", ami);
        const { code, output } = await aws.run("preview");
        assert.notEqual(code, 0);
        const errors = [...output.matchAll(/^ *error: (.*)$/gm)].map(([, text = ""]) => text);
        assert.equal(errors.length, 1, output);
        assert.ok(errors[0]?.startsWith(why), output);
        assert.deepEqual(output.match(/^ *\+ +aws:\S+/gm), null, output);
      }
      await aws.stack.ok("config", "set", "ami", known);
    }),
  );

  it(
    "waits where AWS throttles, stops where AWS refuses a machine, and the next up makes what is missing",
    on(async (aws) => {
      const throttled = new Set<string>();
      let refused = 0;
      aws.moto.refuses = ({ action, params }) => {
        if (action === "CreateSecurityGroup" && !throttled.has(params["GroupName"] ?? "")) {
          throttled.add(params["GroupName"] ?? "");
          return { status: 503, code: "RequestLimitExceeded", message: "Request limit exceeded." };
        }
        if (action !== "RunInstances" || nameOf(params) !== "demo-masters-2" || refused++ > 0)
          return undefined;
        return {
          status: 400,
          code: "VcpuLimitExceeded",
          message: "You have requested more vCPU capacity than you may.",
        };
      };
      const cut = await aws.run("up", "--yes", "--skip-preview");
      assert.notEqual(cut.code, 0);
      assert.match(
        cut.output,
        /demo-masters-2[\s\S]*VcpuLimitExceeded: You have requested more vCPU capacity/,
      );
      assert.equal(throttled.size, 8, "one group a party");
      const { code, output } = await aws.run("up", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
      const made = await aws.stack.resources();
      // The README leaves out the stack itself.
      assert.equal(made.length, countedInReadme() + 1);
      const types = new Set(made.map(({ type }) => type).filter((type) => type.startsWith("aws:")));
      assert.deepEqual([...types].sort(), Object.keys(resourceTypes).sort(), "the plugin carries no other");
      const launched = aws.moto.calls
        .filter(({ action }) => action === "RunInstances")
        .map(({ params }) => nameOf(params));
      const twice = launched.filter((name, i) => launched.indexOf(name) < i);
      assert.deepEqual(twice, ["demo-masters-2"], "what there was is not made again");
    }),
  );

  it(
    "changes nothing when nothing changed, and finds nothing drifted but what the controller of agent groups sets",
    on(async (aws) => {
      const again = await aws.run("up", "--yes", "--skip-preview", "--expect-no-changes");
      assert.equal(again.code, 0, again.output);
      const before = await aws.stack.resources("--show-secrets");
      const refreshed = await aws.run("refresh", "--yes", "--skip-preview");
      assert.equal(refreshed.code, 0, refreshed.output);
      assert.deepEqual(differences(before, await aws.stack.resources("--show-secrets")), [
        "aws:autoscaling/group:Group demo-batch: desiredCapacity",
        "aws:autoscaling/group:Group demo-web: desiredCapacity",
      ]);
      const calls = [...again.calls, ...refreshed.calls].map(({ action }) => action);
      assert.deepEqual(
        calls.filter((action) => !/^(Describe|Get|GET )/.test(action)),
        [],
      );
    }),
  );

  it(
    "speaks TLS alone, agents by certificates that they have signed for the address that they were given",
    on(async (aws) => {
      const { ca } = new ClusterKeys({ project: "quickstart", stack: "dev" }, secret);
      const asked = [
        ["demo-masters-1", ":5050/health", 200],
        ["demo-marathon-1", ":8080/ping", 401],
        ["demo-web", ":5051/health", 200],
        ["demo-batch", ":5051/health", 200],
      ] as const;
      for (const [name, where, status] of asked) {
        const [instance] = await aws.machines.instancesOf(name);
        const place = `${instance?.PrivateIpAddress}${where}`;
        assert.equal((await request(`https://${place}`, { ca })).status, status, `${name}: ${place}`);
        await assert.rejects(request(`http://${place}`), /ECONNRESET|EPIPE|socket hang up/, name);
      }
    }),
  );

  it(
    "fails when the bastion's host key is not known, in one line and before anything changes",
    on(async (aws) => {
      if (typeof aws.bastion === "string") return;
      await aws.stack.ok("config", "set", "access", aws.bastion.access("unknown host key"));
      const { code, output, calls } = await aws.run("up", "--yes", "--skip-preview");
      await aws.stack.ok("config", "set", "access", aws.bastion.access());
      assert.notEqual(code, 0);
      assert.match(
        output,
        /access: the host key of \S+@192\.168\.83\.1 is not known here; sign in once by hand/,
      );
      const changes = calls.filter(({ action }) => /^(Run|Stop|Terminate)Instances$/.test(action));
      assert.deepEqual(changes, []);
    }),
  );

  it(
    "replaces a master behind its gate: stopped, its volume moved, its address kept, the tunnel cut meanwhile",
    on(async (aws) => {
      aws.moto.refuses = ({ action }) => {
        if (action === "StopInstances" && typeof aws.bastion !== "string") aws.bastion.cut();
        return undefined;
      };
      const before = await memberOf(aws, "demo-masters-2");
      const { code, output, calls } = await aws.run(
        ...[
          "up",
          "--yes",
          "--skip-preview",
          "--replace",
          await urnOf(aws, "aws:ec2/instance:Instance", "demo-masters-2"),
        ],
      );
      aws.moto.refuses = () => undefined;
      assert.equal(code, 0, output);
      const after = await memberOf(aws, "demo-masters-2");
      assert.notEqual(after.instance, before.instance);
      const moves = calls.filter(
        ({ action }) =>
          /^\w+(Instances|Volume|NetworkInterface)$/.test(action) && !action.startsWith("Describe"),
      );
      assert.deepEqual(moves.map(titleOf), [
        `StopInstances ${before.instance}`,
        `DetachVolume ${before.instance} ${before.volume}`,
        `TerminateInstances ${before.instance}`,
        `RunInstances demo-masters-2 ${before.interface}`,
        `AttachVolume ${after.instance} ${before.volume}`,
      ]);
      const at = (line: string): number => output.indexOf(line);
      assert.ok(at("mesos:index:Leave demo-masters-2-leave deleted") > 0, output);
      assert.ok(
        at("demo-masters-2-leave deleted") < at("demo-masters-2-attachment deleting"),
        "asked before it is stopped",
      );
      assert.ok(
        at("demo-masters-2-attachment created") < at("demo-masters-2-ready updat"),
        "waited for after",
      );
    }),
  );

  it(
    "moves a changed launch template through its group, one agent at a time",
    on(async (aws) => {
      const old = (await aws.machines.instancesOf("demo-web")).map(({ InstanceId }) => InstanceId);
      await aws.stack.ok("config", "set", "webMemory", "4096");
      const { code, output, calls } = await aws.run("up", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
      assert.match(output, /LaunchTemplate demo-web updated/);
      const now = await Promise.all(
        (await aws.machines.instancesOf("demo-web")).map((one) => aws.machines.filesOf(one)),
      );
      assert.deepEqual(
        now.map((files) => files.some(({ content }) => content.includes("mem:4096"))),
        [true, true],
      );
      const moves = calls.filter(({ action }) => /^(SetDesired|TerminateInstanceIn)/.test(action));
      const ended = moves.flatMap(({ params }) => params["InstanceId"] ?? []);
      assert.deepEqual(ended.sort(), old.sort());
      // One more is there before one ends.
      const one = ["SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup"];
      assert.deepEqual(
        moves.map(({ action }) => action),
        [...one, ...one],
      );
    }),
  );

  it(
    "is destroyed to the last thing that AWS knew of it",
    on(async (aws) => {
      const { code, output } = await aws.run("destroy", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
      assert.deepEqual(await inventory(aws.moto.endpoint, region), empty);
      assert.deepEqual(aws.machines.running, []);
      const { bastion } = aws;
      if (typeof bastion === "string") return;
      await eventually(hangMs, () => assert.equal(bastion.tunnels, 0, "tunnels end with their plugins"));
    }),
  );
});

function countedInReadme(): number {
  const readme = readFileSync(path.join(repository, "examples/aws/README.md"), "utf8");
  return Number(/It makes (\d+) resources/.exec(readme)?.[1]);
}

/** The name that an instance is launched with. */
function nameOf(params: AwsCall["params"]): string {
  const key = Object.keys(params).find((one) => /\.Key$/.test(one) && params[one] === "Name") ?? "";
  return params[key.replace(/Key$/, "Value")] ?? "";
}

/** `DetachVolume i-1 vol-2`. */
function titleOf({ action, params }: AwsCall): string {
  const named =
    action === "RunInstances" ? [nameOf(params), params["NetworkInterface.1.NetworkInterfaceId"]] : [];
  const ids = [params["InstanceId.1"], params["InstanceId"], params["VolumeId"]];
  return [action, ...named, ...ids].filter((word) => word !== undefined).join(" ");
}

type Resources = Awaited<ReturnType<AwsStack["stack"]["resources"]>>;

/** Each property that is another one in the state than it was. */
function differences(before: Resources, after: Resources): string[] {
  return before
    .flatMap(({ urn, type, outputs = {} }) => {
      const now = after.find((one) => one.urn === urn)?.outputs ?? {};
      const keys = [...new Set([...Object.keys(outputs), ...Object.keys(now)])];
      const changed = keys.filter((key) => !isDeepStrictEqual(outputs[key], now[key]));
      return changed.map((key) => `${type} ${urn.split("::").at(-1)}: ${key}`);
    })
    .sort();
}

async function urnOf(aws: AwsStack, type: string, name: string): Promise<string> {
  const all = await aws.stack.resources();
  const found = all.find((one) => one.type === type && one.urn.endsWith(`::${name}`));
  assert.ok(found, `${type} ${name}`);
  return found.urn;
}

/** What a member has of AWS's. */
async function memberOf(
  aws: AwsStack,
  name: string,
): Promise<{ instance: string; interface: string; volume: string }> {
  const all = await aws.stack.resources();
  const idOf = (type: string, own: string): string =>
    all.find((one) => one.type === type && one.urn.endsWith(`::${own}`))?.id ?? assert.fail(own);
  return {
    instance: idOf("aws:ec2/instance:Instance", name),
    interface: idOf("aws:ec2/networkInterface:NetworkInterface", `${name}-interface`),
    volume: idOf("aws:ebs/volume:Volume", `${name}-data`),
  };
}
