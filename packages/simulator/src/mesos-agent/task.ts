// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import { isTerminal, type TaskState, type TaskStatus } from "../protocol/types";
import type { MemoryExceeded } from "./cgroups";
import type { Run, TaskCheckpoint } from "./checkpoint";
import { emptyStatus, TaskChecks } from "./checks";
import { containerOf, leaveContainer, limitationStatus } from "./containers";
import { KeptTask } from "./kept-task";
import { droppedState, exitFileOf, launchTask, makeSandbox, taskUser } from "./launch";
import {
  describeContainerExit,
  describeExit,
  exitCode,
  isAlive,
  killSession,
  killWith,
  signalChild,
  signalGroup,
} from "./processes";
import { taskProber } from "./task-prober";

const pollMs = 250;

/** One task on this agent, from RunTaskMessage to the acknowledgement of its last status. */
export class AgentTask extends KeptTask {
  readonly #stop = new AbortController();
  /** Ends a pull that a kill makes needless. */
  readonly #launching = new AbortController();
  #checks: TaskChecks | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  /** When SIGKILL comes. */
  #killAt: number | undefined;
  #completionTimer: NodeJS.Timeout | undefined;

  /** Starts it; every failure becomes TASK_FAILED with the reason. */
  async launch(): Promise<void> {
    this.save({});
    try {
      const user = await taskUser(this.context, this.record);
      if (user !== undefined) this.save({ user });
    } catch (error) {
      this.#status(droppedState(this.record.framework), {
        message: messageOf(error),
        reason: "REASON_EXECUTOR_TERMINATED",
        source: "SOURCE_AGENT",
      });
      return;
    }
    if (this.#stop.signal.aborted) return;
    this.#status("TASK_STARTING");
    try {
      makeSandbox(this.context, this.record);
      const { run, address, message } = await launchTask(this.context, this.record, {
        stop: this.#stop.signal,
        launching: this.#launching.signal,
        save: (started) => this.save({ run: started }),
      });
      const runningAt = this.context.clock.now();
      this.save({ run, runningAt, ...(address === undefined ? {} : { address }) });
      if (this.record.killed !== undefined) this.#signal(run);
      else {
        this.#status("TASK_RUNNING", message === undefined ? {} : { message });
        this.#accompany(false);
      }
      await this.#watch(run);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (this.record.killed !== undefined) this.#end(undefined);
      else this.#fail(messageOf(error));
    }
  }

  /** Goes on with a task that an earlier run of this program started. */
  async recover(): Promise<void> {
    const { run } = this.record;
    if (isTerminal(this.state)) {
      await leaveContainer(this.context, this.record);
      this.finishIfDone();
      return;
    }
    if (run === undefined) {
      killWith(`MESOS_SANDBOX=${this.sandbox}`); // it may have been started without a word of it on disk
      await leaveContainer(this.context, this.record);
      this.#fail("the agent's program ended while it started the task", "REASON_EXECUTOR_TERMINATED");
      return;
    }
    try {
      if (run.kind === "docker") {
        const { docker } = this.context;
        const { ip } = await docker.adopt(run.name, this.info, this.sandbox, run.before, this.#stop.signal);
        if (ip !== undefined) this.save({ address: ip });
      }
      if (this.state === "TASK_STARTING") this.#status("TASK_RUNNING");
      if (this.record.killed !== undefined) this.kill(undefined);
      else this.#accompany(true);
      await this.#watch(run);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#fail(messageOf(error), "REASON_EXECUTOR_TERMINATED");
    }
  }

  /** SIGTERM to its process group (SIGQUIT to nginx), SIGKILL to its session after the grace period. */
  kill(graceMs: number | undefined, why?: TaskCheckpoint["killed"]): void {
    if (isTerminal(this.state)) return;
    const { clock } = this.context;
    const grace = graceMs ?? this.killPolicyMs ?? this.context.defaultGraceMs;
    const again = this.#killAt !== undefined;
    if (this.#killAt !== undefined && clock.now() + grace >= this.#killAt) return;
    this.#killAt = clock.now() + grace;
    this.#checks?.stop();
    clock.clear(this.#completionTimer);
    const killed = why ?? this.record.killed ?? { state: "TASK_KILLED" };
    this.save({ killed });
    const capable = this.record.framework.capabilities?.some((c) => c.type === "TASK_KILLING_STATE");
    if (capable && this.state !== "TASK_KILLING")
      this.#status("TASK_KILLING", killed.reason === undefined ? {} : { reason: killed.reason });
    const { run } = this.record;
    if (run === undefined) {
      this.#launching.abort();
      return;
    }
    clock.clear(this.#killTimer);
    if (run.kind === "process") this.#killTimer = clock.after(grace, () => killSession(run.process));
    if (!again) this.#signal(run, grace);
  }

  /** At once and without a word: its framework or this agent is gone. */
  abandon(): void {
    this.detach();
    const { run } = this.record;
    if (run?.kind === "process") killSession(run.process);
    leaveContainer(this.context, this.record).catch((e) => this.context.log(messageOf(e)));
    if (run?.kind === "docker")
      void this.context.docker.remove(run.name).catch((e) => this.context.log(messageOf(e)));
    this.forget();
  }

  /** This program ends; the task goes on. */
  detach(): void {
    this.#stop.abort();
    this.#checks?.stop();
    this.context.clock.clear(this.#killTimer);
    this.context.clock.clear(this.#completionTimer);
    this.updates.stop();
  }

  #signal(run: Run, graceMs = this.killPolicyMs ?? this.context.defaultGraceMs): void {
    if (run.kind === "docker") {
      this.context.docker.stop(run.name, graceMs).catch((error: unknown) => {
        this.context.log(`task ${this.key}: cannot stop its container: ${messageOf(error)}`);
      });
      return;
    }
    if (run.stop === "nginx") signalChild(run.process, "SIGQUIT");
    else signalGroup(run.process, "SIGTERM");
    this.#killTimer ??= this.context.clock.after(graceMs, () => killSession(run.process));
  }

  /** Until it has ended. Its process is no child of this program after a restart, so it is looked at. */
  async #watch(run: Run): Promise<void> {
    const { clock, docker, cgroups } = this.context;
    const { signal } = this.#stop;
    if (run.kind === "docker") {
      const code = await docker.wait(run.name, signal);
      this.#end(code);
      await docker.remove(run.name);
      return;
    }
    const exceeded = (): MemoryExceeded | undefined => cgroups?.exceeded(containerOf(this.record));
    while (isAlive(run.process) && exceeded() === undefined) await clock.sleep(pollMs, signal);
    const limitation = this.record.exceeded ?? exceeded();
    if (limitation !== undefined) this.save({ exceeded: limitation }); // its cgroup is gone in a moment
    killSession(run.process);
    while (isAlive(run.process)) await clock.sleep(pollMs, signal);
    const code = exitCode(exitFileOf(this.context, this.record));
    await leaveContainer(this.context, this.record);
    signal.throwIfAborted();
    if (limitation === undefined) this.#end(code);
    else this.#status("TASK_FAILED", limitationStatus(limitation));
  }

  #end(code: number | undefined): void {
    const { killed, executor } = this.record;
    const docker = this.info.container?.type === "DOCKER";
    const what = docker ? describeContainerExit(code) : describeExit(code);
    if (killed !== undefined) {
      const { state, ...more } = killed;
      this.#status(state, { message: what, ...more });
    } else if (code === 0) {
      this.#status("TASK_FINISHED", { message: what });
    } else {
      // Neither the default executor nor the one for docker gives a reason of its own.
      const own = executor === undefined && !docker;
      const reason = own ? { reason: "REASON_COMMAND_EXECUTOR_FAILED" } : {};
      this.#status("TASK_FAILED", { message: what, ...reason });
    }
  }

  #fail(message: string, reason = "REASON_CONTAINER_LAUNCH_FAILED"): void {
    this.context.log(`task ${this.key} failed: ${message}`);
    this.#status("TASK_FAILED", { message, reason });
  }

  #status(state: TaskState, more: Partial<TaskStatus> = {}): void {
    if (isTerminal(this.state)) return;
    const { clock, uuid, ip } = this.context;
    const { run, executor, address } = this.record;
    const check_status = this.updates.latest?.check_status ?? emptyStatus(this.info.check);
    const status: TaskStatus = {
      task_id: this.info.task_id,
      agent_id: { value: this.context.agentId },
      executor_id: executor === undefined ? this.info.task_id : { value: executor.id },
      state,
      source: "SOURCE_EXECUTOR",
      timestamp: clock.now() / 1000,
      uuid: Buffer.from(uuid().replaceAll("-", ""), "hex").toString("base64"),
      container_status: {
        container_id: {
          value: this.record.containerId,
          ...(executor === undefined ? {} : { parent: { value: executor.containerId } }),
        },
        network_infos: [{ ip_addresses: [{ protocol: "IPv4", ip_address: address ?? ip }] }],
        ...(run?.kind === "process" ? { executor_pid: run.process.pid } : {}),
      },
      ...(check_status === undefined ? {} : { check_status }),
      ...more,
    };
    this.add(status);
    if (!isTerminal(state)) return;
    this.#checks?.stop();
    clock.clear(this.#killTimer);
    clock.clear(this.#completionTimer);
    this.context.onEnd?.(this, state);
  }

  /** What goes along with a running task: its checks and its max_completion_time. */
  #accompany(again: boolean): void {
    const { clock, log } = this.context;
    const most = this.info.max_completion_time?.nanoseconds;
    if (most !== undefined) {
      const left = (this.record.runningAt ?? clock.now()) + Number(most) / 1e6 - clock.now();
      this.#completionTimer = clock.after(Math.max(0, left), () => {
        this.kill(0, { state: "TASK_FAILED", reason: "REASON_MAX_COMPLETION_TIME_REACHED" });
      });
    }
    if (this.info.health_check === undefined && this.info.check === undefined) return;
    const running = (more: Partial<TaskStatus>): void => {
      const { healthy, message } = this.updates.latest ?? {};
      const kept = {
        ...(healthy === undefined ? {} : { healthy }),
        ...(message === undefined ? {} : { message }),
      };
      this.#status("TASK_RUNNING", { ...kept, ...more });
    };
    this.#checks = new TaskChecks(
      {
        info: this.info,
        clock,
        probe: taskProber(this.context, () => this.record),
        health: this.record.health,
        log,
        onHealth: (healthy, kill, health) => {
          this.save({ health });
          running({ healthy, reason: "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED" });
          if (kill) this.kill(undefined, { state: "TASK_KILLED", healthy: false });
        },
        onCheck: (check_status) => running({ check_status, reason: "REASON_TASK_CHECK_STATUS_UPDATED" }),
      },
      this.updates.latest?.check_status,
    );
    this.#checks.start(again);
  }
}
