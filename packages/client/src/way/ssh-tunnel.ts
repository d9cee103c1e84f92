// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { SshAccess } from "@pulumi-mesos/model";
import { nowMs, pause } from "../clock";
import { AccessError } from "../errors";
import { sshFault } from "./ssh-faults";
import { SshRefusals } from "./ssh-refusals";

/** A tunnel that stands. */
export interface Tunnel {
  /** Of the socket at which it speaks SOCKS 5; only this user may connect to it. */
  readonly path: string;
  /** Why connections through it were not made. */
  readonly refusals: SshRefusals;
  /** Resolves when it stands no more. */
  readonly ended: Promise<void>;
}

/** Session Manager's own bound for a connection is as long. */
const openMs = 30_000;
const lookMs = 50;
const mostLines = 100;

/**
 * ssh ends with whoever started this, however that ends: the pipe that is the shell's standard input closes then. Standard error
 * is held by ssh and what it starts alone, so that their end is seen as well.
 */
const script = `"$@" </dev/null &
trap 'kill $! 2>/dev/null; rm -rf "$0"' EXIT
trap 'exit 1' HUP INT TERM
exec 2>&-
read -r end`;

/** Opens a tunnel and waits until it stands. Fails with `MESOS_CLIENT_ACCESS`. */
export async function openTunnel(access: SshAccess, environment: NodeJS.ProcessEnv): Promise<Tunnel> {
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-ssh-"));
  const socks = path.join(directory, "socks");
  const child = spawn("/bin/sh", ["-c", script, directory, "ssh", ...sshArguments(access, socks)], {
    env: environmentOf(environment),
    stdio: ["pipe", "ignore", "pipe"],
  });
  holdNobody(child);
  const said: string[] = [];
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (line) => void (said.length < mostLines && said.push(line)));
  const refusals = new SshRefusals(lines);
  // Gone already where ssh was the first to end.
  child.stdin.on("error", () => undefined);
  let isOver = false;
  const ended = once(lines, "close").then(() => {
    isOver = true;
    child.stdin.end();
  });
  const deadline = nowMs() + openMs;
  while (!(await accepts(socks))) {
    if (isOver) throw sshFault(access, said);
    if (nowMs() > deadline) {
      child.stdin.end();
      throw new AccessError(
        `access: ssh has opened no tunnel to ${access.host} within ${openMs / 1000} s`,
        true,
      );
    }
    await Promise.race([ended, pause(lookMs)]);
  }
  return { path: socks, refusals, ended };
}

/** Everything about keys, names and machines between is ssh_config's; what makes a tunnel that is safe and seen is said here. */
export function sshArguments(access: SshAccess, socks: string): string[] {
  const { by, host, user, port, config, region } = access;
  const options = [
    // Nobody is there to be asked.
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ExitOnForwardFailure=yes",
    "StreamLocalBindMask=0177",
    "ConnectTimeout=15",
    // A bastion that is gone without a word is noticed after 15 s.
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    // A connection of its own, which ends with it.
    "ControlPath=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    // Where it says why a connection was not made.
    "LogLevel=INFO",
    ...(by === "ssm" ? [`ProxyCommand=${sessionManager(region)}`] : []),
  ];
  return [
    ...["-N", "-T", "-D", socks],
    ...(config === undefined ? [] : ["-F", config]),
    ...options.flatMap((option) => ["-o", option]),
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    "--",
    host,
  ];
}

function sessionManager(region: string | undefined): string {
  const where = region === undefined ? "" : ` --region ${region}`;
  const session = "--target %h --document-name AWS-StartSSHSession --parameters portNumber=%p";
  return `aws ssm start-session${where} ${session}`;
}

/** As ours, for agents and keys; what the engine told this program is none of ssh's business. */
function environmentOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("PULUMI_")));
}

/** A tunnel keeps no program alive that is done. */
function holdNobody(child: ChildProcessByStdio<Writable, null, Readable>): void {
  child.unref();
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as Socket).unref();
}

/** Whether ssh listens, which it does once it is signed in. */
function accepts(socks: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path: socks });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}
