// SPDX-License-Identifier: Apache-2.0
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { AgentOperation } from "../protocol/messages";
import type {
  AgentInfo,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  ResourceJson,
  TaskInfo,
  TaskState,
  TaskStatus,
} from "../protocol/types";
import type { MemoryExceeded } from "./cgroups";
import type { HealthState } from "./checks";
import type { OutputSizes } from "./container-output";
import type { ProcessId } from "./processes";
import type { TaskUser } from "./users";

/** What is kept about a task as long as its last status is not acknowledged. */
export interface TaskCheckpoint {
  readonly info: TaskInfo;
  readonly framework: FrameworkInfo;
  readonly containerId: string;
  /** The executor that the framework named for it, in which it runs. */
  readonly executor?: { readonly id: string; readonly containerId: string; readonly custom?: boolean };
  /** How it runs; none while it is being started. */
  readonly run?: Run;
  /** Who it runs as, other than this program's own user. */
  readonly user?: TaskUser;
  /** A container's own address. */
  readonly address?: string;
  /** Milliseconds: since when it runs. */
  readonly runningAt?: number;
  readonly health?: HealthState;
  /** It used more memory than it may. */
  readonly exceeded?: MemoryExceeded;
  /** A kill was asked for, and what it becomes by that. */
  readonly killed?: { readonly state: TaskState; readonly reason?: string; readonly healthy?: false };
  readonly statuses: readonly TaskStatus[];
  /** How many of `statuses` were acknowledged. */
  readonly acknowledged: number;
}

/** What is kept about an executor that a framework named, as long as it lives. */
export interface ExecutorCheckpoint {
  readonly info: ExecutorInfo;
  readonly framework: FrameworkInfo;
  readonly containerId: string;
  /** The task groups that were launched in a default executor: what happens to one task happens to its group. */
  readonly groups: readonly (readonly string[])[];
  /** The program of a framework's own executor. */
  readonly process?: ProcessId;
  /** It has subscribed once. */
  readonly subscribed?: boolean;
  readonly shuttingDown?: boolean;
}

type TaskPath = Pick<TaskCheckpoint, "framework" | "info" | "containerId" | "executor">;

export interface ResourcesCheckpoint {
  readonly resources: readonly ResourceJson[];
  readonly operations: readonly AgentOperation[];
}

export type Run =
  | { readonly kind: "process"; readonly process: ProcessId; readonly stop: "group" | "nginx" }
  | {
      readonly kind: "docker";
      readonly name: string;
      /** What its sandbox's files had before its output. */
      readonly before: OutputSizes;
    };

/** `work_dir` as the real agent lays it out: meta/ for what survives a restart, slaves/ for sandboxes. */
export class Checkpoints {
  readonly #workDir: string;

  constructor(workDir: string) {
    this.#workDir = workDir;
    mkdirSync(join(workDir, "meta", "slaves"), { recursive: true, mode: 0o700 });
    // Other users must get to their sandboxes below it, and see nothing else.
    mkdirSync(join(workDir, "slaves"), { recursive: true, mode: 0o711 });
  }

  get latest(): string {
    return join(this.#workDir, "meta", "slaves", "latest");
  }

  /** Its time says when this agent's program was last seen alive. */
  get alive(): string {
    return join(this.#workDir, "meta", "alive");
  }

  get workDir(): string {
    return this.#workDir;
  }

  /** Dynamic reservations and volumes, which outlive the agent's id, and operations that nobody acknowledged. */
  get resources(): ResourcesCheckpoint {
    const file = join(this.#workDir, "meta", "resources", "resources.info");
    return existsSync(file) ? readJson<ResourcesCheckpoint>(file) : { resources: [], operations: [] };
  }

  saveResources(kept: ResourcesCheckpoint): void {
    const directory = join(this.#workDir, "meta", "resources");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    replace(join(directory, "resources.info"), JSON.stringify(kept));
  }

  get sandboxes(): string {
    return join(this.#workDir, "slaves");
  }

  /** Persistent volumes lie below it. */
  get volumes(): string {
    return join(this.#workDir, "volumes");
  }

  /** The boot id of the last run, and this one's from now on. */
  swapBootId(now: string): string | undefined {
    const file = join(this.#workDir, "meta", "boot_id");
    const before = existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
    replace(file, now);
    return before;
  }

  /** The agent of the last run. */
  recover(): AgentInfo | undefined {
    const file = join(this.latest, "slave.info");
    if (!existsSync(file)) return undefined;
    return readJson<AgentInfo>(file);
  }

  saveAgent(info: AgentInfo): void {
    const id = info.id?.value ?? "";
    const directory = join(this.#workDir, "meta", "slaves", id);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    replace(join(directory, "slave.info"), JSON.stringify(info));
    if (existsSync(this.latest) && basename(readlinkSync(this.latest)) === id) return;
    rmSync(`${this.latest}.new`, { force: true });
    symlinkSync(id, `${this.latest}.new`);
    renameSync(`${this.latest}.new`, this.latest);
  }

  /** The next start registers as a new agent. */
  forgetAgent(): void {
    rmSync(this.latest, { force: true });
  }

  get drain(): DrainConfig | undefined {
    const file = join(this.latest, "drain.config");
    return existsSync(file) ? readJson<DrainConfig>(file) : undefined;
  }

  saveDrain(config: DrainConfig | undefined): void {
    const file = join(this.latest, "drain.config");
    if (config === undefined) rmSync(file, { force: true });
    else replace(file, JSON.stringify(config));
  }

  /** Where a task's run keeps its record and exit code. */
  runDirectory(agentId: string, task: TaskPath): string {
    const run = join(this.#workDir, "meta", runPath(agentId, task));
    return task.executor === undefined ? run : join(run, "tasks", task.info.task_id.value);
  }

  sandbox(agentId: string, task: TaskPath): string {
    const run = join(this.#workDir, runPath(agentId, task));
    const own = task.executor === undefined || task.executor.custom === true;
    return own ? run : join(run, "containers", task.containerId);
  }

  /** The sandbox that an executor's tasks share. */
  executorSandbox(agentId: string, executor: ExecutorCheckpoint): string {
    return join(this.#workDir, executorPath(agentId, executor));
  }

  /** Where an executor's run keeps its record and exit code. */
  executorRun(agentId: string, executor: ExecutorCheckpoint): string {
    return join(this.#workDir, "meta", executorPath(agentId, executor));
  }

  saveExecutor(agentId: string, executor: ExecutorCheckpoint): void {
    const directory = this.executorRun(agentId, executor);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    replace(join(directory, "executor.json"), withoutSecrets(executor));
  }

  /** It has ended; records of its tasks stay until their last statuses are acknowledged. */
  removeExecutor(agentId: string, executor: ExecutorCheckpoint, now: number): void {
    const run = this.executorRun(agentId, executor);
    ended(this.executorSandbox(agentId, executor), now);
    rmSync(join(run, "executor.json"), { force: true });
    removeRunIfEmpty(run);
  }

  executors(agentId: string): ExecutorCheckpoint[] {
    return this.#runs(agentId)
      .map((run) => join(run, "executor.json"))
      .filter((file) => existsSync(file))
      .map((file) => readJson<ExecutorCheckpoint>(file));
  }

  saveTask(agentId: string, task: TaskCheckpoint): void {
    const directory = this.runDirectory(agentId, task);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    replace(join(directory, "task.json"), withoutSecrets(task));
  }

  removeTask(agentId: string, task: TaskCheckpoint, now: number): void {
    const directory = this.runDirectory(agentId, task);
    if (task.executor === undefined) {
      ended(this.sandbox(agentId, task), now);
      rmSync(dirname(dirname(directory)), { recursive: true, force: true });
      return;
    }
    rmSync(directory, { recursive: true, force: true });
    removeRunIfEmpty(dirname(dirname(directory)));
  }

  tasks(agentId: string): TaskCheckpoint[] {
    return this.#runs(agentId)
      .flatMap((run) => [run, ...entries(join(run, "tasks")).map((task) => join(run, "tasks", task))])
      .map((directory) => join(directory, "task.json"))
      .filter((file) => existsSync(file))
      .map((file) => readJson<TaskCheckpoint>(file));
  }

  /** Every run of every executor of which something is kept. */
  #runs(agentId: string): string[] {
    const frameworks = join(this.#workDir, "meta", "slaves", agentId, "frameworks");
    return entries(frameworks).flatMap((framework) => {
      const executors = join(frameworks, framework, "executors");
      return entries(executors).flatMap((executor) => {
        const runs = join(executors, executor, "runs");
        return entries(runs).map((run) => join(runs, run));
      });
    });
  }

  /** Removes sandboxes of tasks that ended more than `ageMs` ago. */
  collect(agentId: string, now: number, ageMs: number, living: ReadonlySet<string>): void {
    const frameworks = join(this.sandboxes, agentId, "frameworks");
    for (const framework of entries(frameworks)) {
      for (const executor of entries(join(frameworks, framework, "executors"))) {
        const directory = join(frameworks, framework, "executors", executor);
        const old = now - statSync(directory).mtimeMs > ageMs;
        if (old && !living.has(`${framework}/${executor}`))
          rmSync(directory, { recursive: true, force: true });
      }
    }
  }
}

/** The age of a sandbox counts from now on. */
function ended(run: string, now: number): void {
  const executor = dirname(dirname(run));
  if (existsSync(executor)) utimesSync(executor, now / 1000, now / 1000);
}

/** What is needed after a restart: the process has its secrets, nobody else is to read them from a disk. */
function withoutSecrets(record: object): string {
  const text = JSON.stringify(record);
  if (!text.includes('"secret"')) return text;
  return JSON.stringify(record, (key, value: { readonly value?: unknown } | undefined) =>
    key === "secret" && value?.value !== undefined ? { ...value, value: undefined } : value,
  );
}

function runPath(agentId: string, task: TaskPath): string {
  const { id, containerId } = task.executor ?? {
    id: task.info.task_id.value,
    containerId: task.containerId,
  };
  const frameworkId = task.framework.id?.value ?? "";
  return join("slaves", agentId, "frameworks", frameworkId, "executors", id, "runs", containerId);
}

function executorPath(agentId: string, executor: ExecutorCheckpoint): string {
  const { framework, info, containerId } = executor;
  const frameworkId = framework.id?.value ?? "";
  const id = info.executor_id.value;
  return join("slaves", agentId, "frameworks", frameworkId, "executors", id, "runs", containerId);
}

/** An executor's run goes with its last task, or the last task with the executor. */
function removeRunIfEmpty(run: string): void {
  if (existsSync(join(run, "executor.json")) || entries(join(run, "tasks")).length > 0) return;
  rmSync(run, { recursive: true, force: true });
  if (entries(dirname(run)).length === 0) rmSync(dirname(dirname(run)), { recursive: true, force: true });
}

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function readJson<T>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    throw new MesosError("MESOS_SIMULATOR_CHECKPOINT", `the checkpoint ${file} cannot be read`, {
      cause: error,
    });
  }
}

/** Whole or not at all, whenever the program is killed. */
function replace(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
