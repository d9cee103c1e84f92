// SPDX-License-Identifier: Apache-2.0
import { cpus, totalmem } from "node:os";
import type { FastifyInstance } from "fastify";
import { isTerminal } from "../protocol/types";
import type { ContainerLimits } from "./cgroup-version";
import type { ExecutorCheckpoint } from "./checkpoint";
import { commandExecutorName } from "./command-executor";
import { commandLimits, executorLimits } from "./containers";
import { type ProcessId, usageOf } from "./processes";
import { type AgentView, refuseEndpoint } from "./routes";
import { userOf } from "./sight";

/** A container of this agent: a command with its executor, or an executor that a framework named. */
export interface AgentContainer {
  readonly id: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly name: string;
  readonly source: string;
  /** Whose it is. */
  readonly user: string;
  /** The process at its head. */
  readonly pid?: number;
  /** Of each session of processes in it; dockerd's are its own. */
  readonly processes: readonly ProcessId[];
  readonly limits: ContainerLimits;
}

/** `/monitor/statistics` (docs/endpoints/slave/monitor/statistics.md). */
export function addStatisticsRoutes(server: FastifyInstance, view: AgentView): void {
  const answer = (): Record<string, unknown>[] =>
    containersOf(view)
      .filter(({ processes }) => processes.length > 0)
      .map((container) => {
        const { container_id: _id, ...names } = namesOf(container); // of containers only `/containers` tells the id
        return { ...names, statistics: statisticsOf(view, container) };
      });
  for (const path of ["/monitor/statistics", "/monitor/statistics.json"]) {
    server.get(
      path,
      async (request, reply) =>
        (await refuseEndpoint(view, request, reply, "/monitor/statistics")) ?? answer(),
    );
  }
}

/** How both endpoints name a container. */
export function namesOf({ id, executorId, name, frameworkId, source }: AgentContainer) {
  return {
    container_id: id,
    executor_id: executorId,
    executor_name: name,
    framework_id: frameworkId,
    source,
  };
}

/** All containers that run. */
export function containersOf(view: AgentView): AgentContainer[] {
  const tasks = (view.agent?.tasks ?? []).filter((task) => !isTerminal(task.state));
  const commands = tasks
    .filter((task) => task.record.executor === undefined)
    .map(({ info, frameworkId, record: { containerId, run, framework } }): AgentContainer => {
      const id = info.task_id.value;
      const process = run?.kind === "process" ? run.process : undefined;
      return {
        id: containerId,
        frameworkId,
        executorId: id,
        name: commandExecutorName(info),
        source: id,
        user: userOf(info.command, framework),
        processes: process === undefined ? [] : [process],
        limits: commandLimits(info),
        ...(process === undefined ? {} : { pid: process.pid }),
      };
    });
  const executors = (view.agent?.executors.all ?? []).map(
    ({ record }: { readonly record: ExecutorCheckpoint }): AgentContainer => {
      const { info, framework, containerId, process } = record;
      const own = tasks.filter((task) => task.record.executor?.containerId === containerId);
      const started = own.flatMap(({ record: { run } }) => (run?.kind === "process" ? [run.process] : []));
      return {
        id: containerId,
        frameworkId: framework.id?.value ?? "",
        executorId: info.executor_id.value,
        name: info.name ?? "",
        source: info.source ?? "",
        user: userOf(info.command, framework),
        processes: process === undefined ? started : [process],
        limits: executorLimits(
          info.resources,
          own.map((task) => task.info),
        ),
        ...(process === undefined ? {} : { pid: process.pid }),
      };
    },
  );
  return [...commands, ...executors];
}

/** `ResourceStatistics`: what a container may use, and what it uses as its cgroups or /proc have it. */
export function statisticsOf(view: AgentView, container: AgentContainer): Record<string, number> {
  const { limits, processes, id } = container;
  const { enableCfs, cgroups } = view.agent?.limits ?? {};
  const cpusLimit = limits.cpusLimit ?? (enableCfs === true ? limits.cpus : undefined);
  const used = processes.map(usageOf);
  const sum = (of: (one: (typeof used)[number]) => number): number =>
    used.reduce((all, one) => all + of(one), 0);
  return {
    timestamp: view.now() / 1000,
    cpus_soft_limit: limits.cpus,
    ...(cpusLimit === undefined ? {} : { cpus_limit: Math.min(cpusLimit, cpus().length) }),
    mem_soft_limit_bytes: limits.memBytes,
    mem_limit_bytes: Math.min(limits.memLimitBytes ?? limits.memBytes, totalmem()),
    cpus_user_time_secs: sum((one) => one.userSeconds),
    cpus_system_time_secs: sum((one) => one.systemSeconds),
    mem_rss_bytes: sum((one) => one.residentBytes),
    processes: sum((one) => one.processes),
    ...cgroups?.usage(id),
  };
}
