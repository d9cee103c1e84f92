// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { get } from "node:http";
import { connect } from "node:net";
import { MesosError, messageOf, type Probe } from "@pulumi-mesos/model";
import { after } from "./clock";
import { readLog } from "./log";

/** No attempt takes longer. */
const attemptMs = 2000;

/** What a probe needs to know of the process that it looks at. */
export interface ProbeTarget {
  readonly directory: string;
  readonly logOffset: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Looks once; answers why the program does not serve yet, or nothing when it does. */
export function attempt(probe: Probe, target: ProbeTarget): Promise<string | undefined> {
  if (asksOverNetwork(probe)) return attemptOverNetwork(probe);
  if (probe.command !== undefined) return byCommand(probe.command, target);
  return Promise.resolve(byLog(probe.logLine ?? "", target));
}

/** Whether a probe asks an address, so that it needs to know nothing of the process. */
export function asksOverNetwork(probe: Probe): boolean {
  return probe.http !== undefined || probe.tcp !== undefined;
}

/** Asks an address once; answers why nothing serves there yet, or nothing when something does. */
export function attemptOverNetwork(probe: Pick<Probe, "http" | "tcp">): Promise<string | undefined> {
  return probe.http !== undefined ? overHttp(probe.http) : overTcp(probe.tcp ?? "");
}

/** What is waited for, in words. */
export function describeProbe(probe: Probe): string {
  if (probe.http !== undefined) return probe.http;
  if (probe.tcp !== undefined) return `a connection to ${probe.tcp}`;
  if (probe.command !== undefined) return `success of ${probe.command[0]}`;
  return `a log line that matches /${probe.logLine}/`;
}

/** Refuses a probe without exactly one way to look. */
export function checkProbe(probe: Probe): void {
  const ways = [probe.http, probe.tcp, probe.command, probe.logLine].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    throw new MesosError(
      "MESOS_PROCESS_SPEC",
      `ready: must have exactly one of http, tcp, command and logLine, got ${ways.length}`,
    );
  }
  if (probe.logLine === undefined) return;
  try {
    new RegExp(probe.logLine);
  } catch (error) {
    throw new MesosError("MESOS_PROCESS_SPEC", `ready.logLine: ${messageOf(error)}`, { cause: error });
  }
}

function overHttp(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(attemptMs) }, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve(status >= 200 && status < 400 ? undefined : `it answered ${status}`);
    });
    request.on("error", (error) => resolve(messageOf(error)));
  });
}

function overTcp(address: string): Promise<string | undefined> {
  const at = address.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
    const done = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(attemptMs, () => done(`no connection within ${attemptMs} ms`));
    socket.on("connect", () => done(undefined));
    socket.on("error", (error) => done(messageOf(error)));
  });
}

/** In a session of its own, so that whoever starts it is never taken for a process of the record. */
function byCommand(command: readonly string[], target: ProbeTarget): Promise<string | undefined> {
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: target.cwd,
      env: target.env,
      stdio: "ignore",
      detached: true,
    });
    const cancel = after(attemptMs, () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    });
    child.on("error", (error) => {
      cancel();
      resolve(messageOf(error));
    });
    child.on("exit", (code, signal) => {
      cancel();
      resolve(code === 0 ? undefined : `${program} ended with ${signal ?? `code ${code}`}`);
    });
  });
}

function byLog(pattern: string, target: ProbeTarget): string | undefined {
  const expression = new RegExp(pattern);
  const text = readLog(target.directory, target.logOffset, 16 * 1024 * 1024);
  return text.split("\n").some((line) => expression.test(line)) ? undefined : "no such line yet";
}
