// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import {
  type CgroupOptions,
  type CgroupVersion,
  type ContainerLimits,
  cgroupVersion,
} from "./cgroup-version";
import type { AgentFlags } from "./flags";
import { wantedControllers } from "./isolation";

/** How long a container's processes may take to die. */
const destroyMs = 60_000;
const againMs = 20;

/** A container that used more memory than it may. */
export interface MemoryExceeded {
  readonly message: string;
  readonly mostMiB: number;
}

/** What holds containers to their cpus and memory. A container is named by its id, a nested one `<parent>/mesos/<id>`. */
export class Cgroups {
  readonly #version: CgroupVersion;
  readonly #clock: Clock;
  readonly #leaving = new Map<string, Promise<void>>();

  /** Throws in one line where this machine has not what `options` ask for. */
  constructor(options: CgroupOptions, clock: Clock) {
    this.#version = cgroupVersion(options);
    this.#clock = clock;
  }

  /** Makes a container's cgroups, or changes their limits; the result is where its processes write their pid. */
  enter(container: string, limits: ContainerLimits): string[] {
    const directories = this.#version.directories(container);
    const first = directories.some((directory) => !existsSync(directory));
    this.#version.prepare(container);
    for (const directory of directories) mkdirSync(join(directory, this.#version.leaf), { recursive: true });
    this.#version.limit(container, limits, first);
    return directories.map((directory) => join(directory, this.#version.leaf, "cgroup.procs"));
  }

  /** Why the container must end; undefined as long as it stays within its memory. */
  exceeded(container: string): MemoryExceeded | undefined {
    if (!this.#exists(container)) return undefined;
    const memory = this.#version.memory(container);
    if (memory === undefined || memory.killed === 0) return undefined;
    const { limitBytes, mostBytes, statistics } = memory;
    return {
      message: `Memory limit exceeded: Requested: ${formatBytes(limitBytes)} Maximum Used: ${formatBytes(mostBytes)}\n\nMEMORY STATISTICS: \n${statistics}\n`,
      mostMiB: Math.round((mostBytes / 1048576) * 1000) / 1000,
    };
  }

  /** As `ResourceStatistics` names it. */
  usage(container: string): Record<string, number> {
    return this.#exists(container) ? this.#version.usage(container) : {};
  }

  /** Kills whatever is left of a container and removes its cgroups; what is gone already is success. */
  destroy(container: string): Promise<void> {
    const known = this.#leaving.get(container);
    if (known !== undefined) return known;
    const gone = this.#destroy(container).finally(() => this.#leaving.delete(container));
    this.#leaving.set(container, gone);
    return gone;
  }

  /** Resolves when nothing is being removed any more. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#leaving.values());
  }

  #exists(container: string): boolean {
    return this.#version.directories(container).every((directory) => existsSync(directory));
  }

  async #destroy(container: string): Promise<void> {
    const until = this.#clock.now() + destroyMs;
    for (;;) {
      const left = this.#version.directories(container).filter((directory) => !emptied(directory));
      if (left.length === 0) return;
      if (this.#clock.now() > until)
        throw new MesosError("MESOS_SIMULATOR_CGROUPS", `cannot remove ${left.join(", ")}`);
      await this.#clock.sleep(againMs);
    }
  }
}

/** What the flags ask for; undefined where tasks have no limits. */
export function cgroupsOf(flags: AgentFlags, clock: Clock): Cgroups | undefined {
  const { cpu, memory } = wantedControllers(flags.isolation);
  if (!cpu && !memory) return undefined;
  return new Cgroups(
    {
      hierarchy: flags.cgroups_hierarchy,
      root: flags.cgroups_root,
      cpu,
      memory,
      enableCfs: flags.cgroups_enable_cfs,
      limitSwap: flags.cgroups_limit_swap,
    },
    clock,
  );
}

/** Whether a cgroup and all below it are gone; what still runs there is killed. */
function emptied(directory: string): boolean {
  try {
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const gone = below.map((entry) => emptied(join(directory, entry.name)));
    for (const pid of readFileSync(join(directory, "cgroup.procs"), "utf8").trim().split("\n")) {
      if (pid !== "" && pid !== "0") process.kill(Number(pid), "SIGKILL");
    }
    if (gone.includes(false)) return false;
    rmdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENODEV") return !existsSync(directory);
    if (code === "EBUSY" || code === "ESRCH") return false; // its processes are about to end
    throw error;
  }
}

const units = ["TB", "GB", "MB", "KB"];

/** Bytes as Mesos prints them: the largest unit that keeps them whole. */
export function formatBytes(bytes: number): string {
  const at = units.findIndex((_unit, i) => bytes >= 1024 && bytes % 1024 ** (units.length - i) === 0);
  const unit = units[at];
  return unit === undefined ? `${bytes}B` : `${bytes / 1024 ** (units.length - at)}${unit}`;
}
