// SPDX-License-Identifier: Apache-2.0
import { chownSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { EnvironmentVariable, FrameworkInfo, TaskInfo } from "../protocol/types";
import type { Run, TaskCheckpoint } from "./checkpoint";
import { outputSizes } from "./container-output";
import { enterContainer, limitsOf } from "./containers";
import { unsupported } from "./docker-create";
import { fetchUris } from "./fetch-uris";
import type { TaskContext } from "./kept-task";
import { findProgram, isNginx, prepareNginx } from "./nginx";
import { type ProcessId, startProcess } from "./processes";
import { giveTree, rlimitWords, startAs, type TaskUser, userOf } from "./users";
import { linkMounts, mountsOf, persistentMounts } from "./volumes";

/** What a start needs to know of the task besides its record. */
export interface LaunchControl {
  /** The program ends, or the task's framework is gone. */
  readonly stop: AbortSignal;
  /** The task is killed before it runs. */
  readonly launching: AbortSignal;
  /** Called before a container is made, so that a restart finds it. */
  save(run: Run): void;
}

export interface Launched {
  readonly run: Run;
  /** A container's own address. */
  readonly address?: string;
  readonly message?: string;
}

export function sandboxOf(context: TaskContext, record: TaskCheckpoint): string {
  return context.checkpoints.sandbox(context.agentId, record);
}

export function exitFileOf(context: TaskContext, record: TaskCheckpoint): string {
  return join(context.checkpoints.runDirectory(context.agentId, record), "exit");
}

/** Makes the sandbox; one of a group is also found as `tasks/<id>` in the executor's, where the web pages look. */
export function makeSandbox(context: TaskContext, record: TaskCheckpoint): void {
  const sandbox = sandboxOf(context, record);
  makeOwned(sandbox, record.user);
  if (record.executor === undefined) return;
  const tasks = join(dirname(dirname(sandbox)), "tasks");
  mkdirSync(tasks, { recursive: true, mode: 0o711 });
  symlinkSync(sandbox, join(tasks, record.info.task_id.value));
}

/** A sandbox for its user and nobody else, and the way to it. */
export function makeOwned(sandbox: string, user: TaskUser | undefined): void {
  mkdirSync(dirname(sandbox), { recursive: true, mode: 0o711 });
  mkdirSync(sandbox, { recursive: true, mode: 0o750 });
  if (user !== undefined) chownSync(sandbox, user.uid, user.gid);
}

/** Starts a task as a process or as a container; throws with the reason why it cannot. */
export async function launchTask(
  context: TaskContext,
  record: TaskCheckpoint,
  control: LaunchControl,
): Promise<Launched> {
  const { container, command } = record.info;
  const image = container?.docker?.image ?? container?.mesos?.image?.docker?.name;
  const needed = container?.type === "DOCKER" ? "docker" : "mesos";
  if (!context.containerizers.includes(needed)) {
    throw new MesosError(
      "MESOS_SIMULATOR_TASK",
      `None of the enabled containerizers (${context.containerizers.join(", ")}) could create a container for the provided TaskInfo/ExecutorInfo message`,
    );
  }
  const sandbox = sandboxOf(context, record);
  const parent = record.executor === undefined ? undefined : dirname(dirname(sandbox));
  const executorResources = record.info.executor?.resources;
  if (parent !== undefined && executorResources !== undefined) {
    const shared = persistentMounts(
      { resources: executorResources },
      { persistent: context.checkpoints.volumes, own: () => undefined },
    );
    linkMounts(shared, parent);
  }
  const { user } = record;
  const own = (path: string): void => {
    if (user !== undefined) chownSync(path, user.uid, user.gid);
  };
  const mounts = mountsOf(record.info, { sandbox, parent, persistent: context.checkpoints.volumes, own });
  await fetchUris(command?.uris ?? [], {
    sandbox,
    containerId: record.containerId,
    path: context.path,
    signal: AbortSignal.any([control.stop, control.launching]),
  });
  if (user !== undefined) giveTree(sandbox, user);
  if (image !== undefined) return await launchImage(context, record, image, mounts, control);
  if (command?.value === undefined) throw new MesosError("MESOS_SIMULATOR_TASK", "the task has no command");
  linkMounts(mounts, sandbox);
  const rlimits = context.rlimits ? rlimitWords(container) : [];
  const argv = startAs(
    commandLine(command.value, command.shell !== false, command.arguments ?? []),
    context.path,
    user,
    rlimits,
  );
  const process = await processOf(context, record, argv);
  return { run: { kind: "process", stop: "group", process } };
}

/** The words of a command, through a shell or with an argv[0] of its own as Mesos has it. */
export function commandLine(value: string, shell: boolean, args: readonly string[]): string[] {
  if (shell) return ["/bin/sh", "-c", value];
  const withoutName = 'program=$1; shift; [ $# -gt 0 ] && shift; exec "$program" "$@"';
  return ["/bin/sh", "-c", withoutName, "sh", value, ...args];
}

async function launchImage(
  context: TaskContext,
  record: TaskCheckpoint,
  image: string,
  mounts: ReturnType<typeof mountsOf>,
  control: LaunchControl,
): Promise<Launched> {
  const { docker, agentId, ip, path, mappedSandbox } = context;
  const info = withParentNetwork(record.info);
  const sandbox = sandboxOf(context, record);
  const wrong = unsupported(info);
  const force = info.container?.docker?.force_pull_image ?? false;
  const why =
    wrong ?? (await docker.prepare(image, force, AbortSignal.any([control.stop, control.launching])));
  if (why === undefined) {
    const name = `mesos-${record.containerId}`;
    const run = { kind: "docker", name, before: outputSizes(sandbox) } as const;
    control.save(run);
    const env = environmentOf(context, record, mappedSandbox);
    delete env["PATH"];
    const labels = { "org.apache.mesos.agent": agentId, MESOS_TASK_ID: info.task_id.value };
    const { ip: address } = await docker.run(
      { name, info, env, sandbox, mappedSandbox, labels, mounts, limits: limitsOf([info]) },
      control.stop,
    );
    return { run, ...(address === undefined ? {} : { address }) };
  }
  const program = isNginx(image) ? findProgram("nginx", path) : undefined;
  if (program === undefined || wrong !== undefined) {
    throw new MesosError(
      "MESOS_SIMULATOR_IMAGE",
      `image ${image}: ${why} and there is no local program for it`,
    );
  }
  const argv = prepareNginx({ program, info, sandbox, ip });
  context.log(`task ${info.task_id.value}: ${why}; image ${image} is served by local nginx`);
  const process = await processOf(context, record, argv);
  return { run: { kind: "process", stop: "nginx", process }, message: "served by local nginx" };
}

/** A task of a group has its executor's network. */
function withParentNetwork(info: TaskInfo): TaskInfo {
  const networks = info.executor?.container?.network_infos;
  if (info.container === undefined || networks === undefined || info.container.network_infos !== undefined)
    return info;
  return { ...info, container: { ...info.container, network_infos: networks } };
}

async function processOf(
  context: TaskContext,
  record: TaskCheckpoint,
  argv: readonly string[],
): Promise<ProcessId> {
  const sandbox = sandboxOf(context, record);
  const env = environmentOf(context, record, sandbox);
  const { user } = record;
  const cgroups = enterContainer(context, record);
  return await startProcess({ argv, env, sandbox, exitFile: exitFileOf(context, record), cgroups, user });
}

/** Nothing of this program's own environment but its search path and the supervisor's mark. */
export function environmentOf(
  context: TaskContext,
  record: TaskCheckpoint,
  sandbox: string,
): Record<string, string> {
  const { path, mark, ip } = context;
  const variables = record.info.command?.environment?.variables ?? [];
  return {
    PATH: path,
    ...plainVariables(variables),
    MESOS_SANDBOX: sandbox,
    MESOS_TASK_ID: record.info.task_id.value,
    ...(record.executor === undefined ? {} : { MESOS_CONTAINER_IP: ip }),
    ...(mark === undefined ? {} : { SUPERVISED_BY: mark }),
  };
}

/** A command's own environment. */
export function plainVariables(variables: readonly EnvironmentVariable[]): Record<string, string> {
  return Object.fromEntries(variables.map((v) => [v.name, plainValue(v)]));
}

/** A secret comes by value: there is no resolver for references. */
function plainValue(variable: EnvironmentVariable): string {
  if (variable.type !== "SECRET") return variable.value ?? "";
  const data = variable.secret?.value?.data;
  if (data === undefined) {
    throw new MesosError(
      "MESOS_SIMULATOR_TASK",
      `the secret of the environment variable '${variable.name}' is a reference, only values are simulated`,
    );
  }
  return Buffer.from(data, "base64").toString("utf8");
}

/** Who a task runs as: its command's user, otherwise its framework's. */
export async function taskUser(context: TaskContext, record: TaskCheckpoint): Promise<TaskUser | undefined> {
  const name = record.info.command?.user ?? record.framework.user;
  return await userOf(name, context.switchUser, sandboxOf(context, record));
}

/** What becomes of a task that never came to an executor. */
export function droppedState(framework: FrameworkInfo): "TASK_DROPPED" | "TASK_LOST" {
  const aware = framework.capabilities?.some((c) => c.type === "PARTITION_AWARE");
  return aware ? "TASK_DROPPED" : "TASK_LOST";
}
