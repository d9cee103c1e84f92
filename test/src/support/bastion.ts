// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { missingSsh, SshServer, type Stranger } from "@pulumi-mesos/client/testing";

const [inside, outside] = ["192.168.83.1", "192.168.83.2"];
/** Where Debian has `ip`, also for whoever is not root. */
const PATH = `${process.env["PATH"]}:/usr/sbin:/sbin`;

/**
 * A machine at the edge of this network that runs sshd, and another one outside, which reaches it and nothing else: what runs there
 * gets to this network's addresses only through the bastion.
 */
export class Bastion {
  /** Of the bastion; what else listens at it is reached from outside, too. */
  readonly address = inside;
  readonly #ssh: SshServer;
  readonly #machine: ChildProcess;

  private constructor(ssh: SshServer, machine: ChildProcess) {
    this.#ssh = ssh;
    this.#machine = machine;
  }

  /** Makes both, or says why they cannot be had. */
  static async create(): Promise<Bastion | string> {
    const why = missingSsh();
    if (why !== undefined) return why;
    const machine = await machineOutside();
    if (typeof machine === "string") return machine;
    try {
      const failure = join(machine);
      if (failure === undefined) return new Bastion(await SshServer.start(inside), machine);
      await end(machine);
      return `two networks cannot be joined: ${failure}`;
    } catch (error) {
      await end(machine);
      throw error;
    }
  }

  /** How a provider outside gets in, one who is known or a stranger. */
  access(stranger?: Stranger): string {
    return this.#ssh.access(stranger);
  }

  /** The words before a command that is to run outside. */
  get enter(): readonly string[] {
    return enter(this.#machine);
  }

  /** How many tunnels stand. */
  get tunnels(): number {
    return this.#ssh.connections;
  }

  /** Ends every tunnel, as a network does that fails. */
  cut(): void {
    this.#ssh.cut();
  }

  async close(): Promise<void> {
    await this.#ssh.close();
    await end(this.#machine);
  }
}

/** A network of its own, which lasts as long as its process. */
async function machineOutside(): Promise<ChildProcess | string> {
  const script = "ip link set lo up && echo up && exec cat";
  const machine = spawn("unshare", ["--net", "sh", "-c", script], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, PATH },
  });
  let said = "";
  machine.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const ended = once(machine, "close").then(([code]) => `no network outside: ${said.trim() || code}`);
  return Promise.race([once(machine.stdout, "data").then(() => machine), ended]);
}

/** Joins both networks by a cable; answers why that cannot be. */
function join(machine: ChildProcess): string | undefined {
  const { pid } = machine;
  const steps = [
    `ip link add bastion type veth peer name outside netns ${pid}`,
    `ip addr add ${inside}/24 dev bastion`,
    "ip link set bastion up",
    [...enter(machine), `ip addr add ${outside}/24 dev outside`].join(" "),
    [...enter(machine), "ip link set outside up"].join(" "),
  ];
  for (const step of steps) {
    const [command = "", ...args] = step.split(" ");
    const { status, stderr, error } = spawnSync(command, args, {
      encoding: "utf8",
      env: { ...process.env, PATH },
    });
    if (status !== 0) return error?.message ?? `${step}: ${stderr.trim()}`;
  }
  return undefined;
}

function enter({ pid }: ChildProcess): string[] {
  return ["nsenter", `--net=/proc/${pid}/ns/net`, "--"];
}

async function end(machine: ChildProcess): Promise<void> {
  const ended = once(machine, "exit");
  machine.kill();
  await ended;
}
