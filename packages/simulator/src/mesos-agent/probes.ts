// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** Where a task's port is looked for: each is tried in turn while nobody listens. */
export interface ProbeTarget {
  readonly hosts: readonly string[];
  readonly port: number;
}

const maxRedirects = 10;

/** Whether a TCP connection can be made. */
export async function probeTcp(target: ProbeTarget, signal: AbortSignal): Promise<boolean> {
  for (const host of target.hosts) {
    if (await accepts(host, target.port, signal)) return true;
  }
  return false;
}

function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    const done = (answer: boolean): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(answer);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}

/** The status code of a GET; redirects are followed and certificates not looked at, as Mesos's own curl does. */
export async function probeHttp(
  target: ProbeTarget,
  scheme: string,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  let refused: unknown;
  for (const host of target.hosts) {
    try {
      return await get(new URL(path, `${scheme}://${host}:${target.port}`), maxRedirects, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
      refused = error;
    }
  }
  throw refused;
}

function get(url: URL, redirects: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { method: "GET", signal, agent: false as const };
    const sent =
      url.protocol === "https:"
        ? httpsRequest(url, { ...options, rejectUnauthorized: false })
        : httpRequest(url, options);
    sent.once("error", reject);
    sent.once("response", (answer) => {
      const { statusCode = 0, headers } = answer;
      answer.destroy();
      const { location } = headers;
      if (statusCode < 300 || statusCode > 399 || location === undefined || redirects === 0) {
        resolve(statusCode);
        return;
      }
      get(new URL(location, url), redirects - 1, signal).then(resolve, reject);
    });
    sent.end();
  });
}

export interface CommandProbe {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** The exit code of a command, which is killed with all that it started when the signal comes. */
export function probeCommand(command: CommandProbe, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = command.argv;
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: { ...command.env },
      detached: true,
      stdio: "ignore",
    });
    const onAbort = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") reject(error);
      }
    };
    const failed = (why: string, cause?: unknown): void =>
      reject(new MesosError("MESOS_SIMULATOR_CHECK", why, { cause }));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    child.once("error", (error) =>
      failed(`the check's command cannot be started: ${messageOf(error)}`, error),
    );
    child.once("close", (code, by) => {
      signal.removeEventListener("abort", onAbort);
      if (code !== null) resolve(code);
      else failed(signal.aborted ? "Command timed out" : `Command terminated with signal ${by}`);
    });
  });
}
