// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { unlessGone } from "@pulumi-mesos/model";
import { pause } from "../clock";

const port = 2222;
/** A server of root needs a user of its own on the machine; one of nobody, in a user namespace, needs nothing. */
const asNobody = ["unshare", "--user", "--map-user=65534", "--map-group=65534"];

/** Why there can be no OpenSSH server for tests here; nothing where there can. */
export function missingSsh(): string | undefined {
  if (process.env["TEST_SSHD"] === undefined)
    return process.env["TEST_SSH_MISSING"] ?? "only npm test finds sshd";
  const [command = "", ...args] = asNobody;
  const allowed = process.getuid?.() !== 0 || spawnSync(command, [...args, "true"]).status === 0;
  return allowed ? undefined : "sshd needs a user namespace, which this machine does not allow";
}

/** How whoever signs in is wrong. */
export type Stranger = "unknown host key" | "unknown user key";

/** A real OpenSSH server with keys of its own, to which nothing but forwarding is of use. */
export class SshServer {
  readonly #address: string;
  readonly #directory: string;
  readonly #user: string;
  #process: ChildProcess | undefined;

  private constructor(address: string) {
    this.#address = address;
    this.#directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-sshd-"));
    this.#user = process.getuid?.() === 0 ? "nobody" : userInfo().username;
  }

  /** @param more lines of `sshd_config` */
  static async start(address: string, more: readonly string[] = []): Promise<SshServer> {
    const server = new SshServer(address);
    try {
      server.#prepare(more);
      await server.start();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** How `access` names it, for one who is known there or for a stranger. */
  access(stranger?: Stranger): string {
    const config = this.#write(
      `ssh_config ${stranger ?? ""}`.trim().replaceAll(" ", "-"),
      [
        `IdentityFile ${this.#at(stranger === "unknown user key" ? "host" : "user")}`,
        "IdentitiesOnly yes",
        // Also where another name leads there.
        `HostKeyAlias [${this.#address}]:${port}`,
        "IdentityAgent none",
        `UserKnownHostsFile ${stranger === "unknown host key" ? "/dev/null" : this.#at("known_hosts")}`,
        "GlobalKnownHostsFile /dev/null",
      ].join("\n"),
    );
    return `ssh://${this.#user}@${this.#address}:${port}?config=${config}`;
  }

  /** Starts it anew after {@link stop}. */
  async start(): Promise<void> {
    const sshd = process.env["TEST_SSHD"] ?? "sshd";
    const words = [sshd, "-r", "-D", "-e", "-f", this.#at("sshd_config")];
    const [command = "", ...args] = process.getuid?.() === 0 ? [...asNobody, ...words] : words;
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    while (!(await listens(this.#address))) {
      if (child.exitCode !== null) throw new Error(`sshd exited with ${child.exitCode}: ${said}`);
      await pause(20);
    }
  }

  /** How many are signed in, or about to be. */
  get connections(): number {
    const pid = this.#process?.pid;
    return pid === undefined ? 0 : childrenOf(pid).length;
  }

  /** Cuts every connection to it, as a network does that fails. */
  cut(): void {
    const pid = this.#process?.pid;
    // A process for each connection, and one below it that speaks.
    const children = pid === undefined ? [] : childrenOf(pid);
    for (const one of [...children.flatMap(childrenOf), ...children]) killIfThere(one);
  }

  /** Ends it with every connection. */
  async stop(): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, "exit");
    // So that it takes no further one meanwhile.
    running.kill("SIGSTOP");
    this.cut();
    running.kill("SIGKILL");
    await ended;
    this.#process = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #prepare(more: readonly string[]): void {
    for (const name of ["host", "user"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.#at(name)]);
    }
    const key = (name: string): string => readFileSync(this.#at(`${name}.pub`), "utf8");
    this.#write("authorized_keys", key("user"));
    this.#write("known_hosts", `[${this.#address}]:${port} ${key("host")}`);
    this.#write(
      "sshd_config",
      [
        `ListenAddress ${this.#address}:${port}`,
        `HostKey ${this.#at("host")}`,
        `AuthorizedKeysFile ${this.#at("authorized_keys")}`,
        ...["StrictModes no", "UsePAM no", "PidFile none", "MaxStartups 100"],
        ...["PasswordAuthentication no", "KbdInteractiveAuthentication no"],
        ...more,
      ].join("\n"),
    );
  }

  #write(name: string, text: string): string {
    writeFileSync(this.#at(name), `${text.trim()}\n`, { mode: 0o600 });
    return this.#at(name);
  }

  #at(name: string): string {
    return path.join(this.#directory, name);
  }
}

/** Of two processes of one connection the other may end with the first. */
function killIfThere(pid: number): void {
  unlessGone(() => process.kill(pid, "SIGKILL"));
}

function childrenOf(pid: number): number[] {
  const read = (): string => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  const children = unlessGone(read)?.trim().split(" ") ?? [];
  return children.filter((one) => one !== "").map(Number);
}

function listens(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
