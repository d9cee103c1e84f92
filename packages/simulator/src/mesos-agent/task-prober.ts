// SPDX-License-Identifier: Apache-2.0
import type { TaskCheckpoint } from "./checkpoint";
import type { Prober } from "./checks";
import type { TaskContext } from "./kept-task";
import { commandLine, environmentOf, sandboxOf } from "./launch";
import { portMappings } from "./nginx";
import { type ProbeTarget, probeCommand, probeHttp, probeTcp } from "./probes";
import { environmentOfProcess } from "./processes";
import { startAs } from "./users";

/** Asks a running task where it is: its container's address or the agent's own, its container or its sandbox. */
export function taskProber(context: TaskContext, record: () => TaskCheckpoint): Prober {
  return async (question, signal) => {
    const now = record();
    if (question.type === "TCP")
      return (await probeTcp(targetOf(context, now, question.port), signal)) ? 1 : 0;
    if (question.type === "HTTP") {
      const target = targetOf(context, now, question.port);
      return await probeHttp(target, question.scheme, question.path, signal);
    }
    const { command } = question;
    const argv = commandLine(command.value ?? "", command.shell !== false, command.arguments ?? []);
    const own = Object.fromEntries(
      (command.environment?.variables ?? []).map((v) => [v.name, v.value ?? ""]),
    );
    if (now.run?.kind === "docker") return await context.docker.exec(now.run.name, argv, own, signal);
    const cwd = sandboxOf(context, now);
    // After a restart its secrets are known to the process alone.
    const started = now.run?.kind === "process" ? environmentOfProcess(now.run.process) : undefined;
    const env = { ...(started ?? environmentOf(context, now, cwd)), ...own };
    return await probeCommand({ argv: startAs(argv, context.path, now.user), env, cwd }, signal);
  };
}

/** Tasks share this machine's network: what a check asks of a container's port is asked of the host's port for it. */
function targetOf(context: TaskContext, record: TaskCheckpoint, port: number): ProbeTarget {
  const { run, address, info } = record;
  if (run?.kind === "docker" && address !== undefined) return { hosts: [address], port };
  const hosts = [context.ip, "127.0.0.1"];
  if (run?.kind === "docker") return { hosts, port };
  const mapped = portMappings(info).find((m) => m.container_port === port)?.host_port;
  return { hosts, port: mapped ?? port };
}
