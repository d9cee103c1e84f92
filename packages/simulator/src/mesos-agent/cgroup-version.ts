// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** What a container may use; `Infinity` is no limit. */
export interface ContainerLimits {
  readonly cpus: number;
  /** @default `cpus` with `--cgroups_enable_cfs`, otherwise none */
  readonly cpusLimit?: number;
  readonly memBytes: number;
  /** @default `memBytes` */
  readonly memLimitBytes?: number;
}

export interface CgroupOptions {
  /** Where cgroups are mounted: `/sys/fs/cgroup`. */
  readonly hierarchy: string;
  readonly root: string;
  readonly cpu: boolean;
  readonly memory: boolean;
  readonly enableCfs: boolean;
  readonly limitSwap: boolean;
}

export interface MemoryUse {
  /** How many processes the kernel has killed for want of memory. */
  readonly killed: number;
  readonly limitBytes: number;
  readonly mostBytes: number;
  /** `memory.stat` as it is. */
  readonly statistics: string;
}

/** One of the two interfaces that the kernel has for cgroups. */
export interface CgroupVersion {
  /** The directories of a container, one a hierarchy. */
  directories(container: string): string[];
  /** Where processes of a container are below its directories. */
  readonly leaf: string;
  /** What is needed above a container's directories before they are made. */
  prepare(container: string): void;
  limit(container: string, limits: ContainerLimits, first: boolean): void;
  memory(container: string): MemoryUse | undefined;
  /** As `ResourceStatistics` names it. */
  usage(container: string): Record<string, number>;
}

const minMemoryBytes = 32 * 1024 * 1024;
const cfsPeriodUs = 100_000;
const minQuotaUs = 1_000;

/** Version 2 where that is what is mounted, otherwise version 1; throws where neither has what is needed. */
export function cgroupVersion(options: CgroupOptions): CgroupVersion {
  const unified = existsSync(join(options.hierarchy, "cgroup.controllers"));
  return unified ? version2(options) : version1(options);
}

/** One line that an agent ends with at its start. */
export function refusal(isolator: string, why: string): MesosError {
  return new MesosError(
    "MESOS_SIMULATOR_CGROUPS",
    `Failed to create a containerizer: Could not create MesosContainerizer: Failed to create isolator '${isolator}': ${why}`,
  );
}

function version1(options: CgroupOptions): CgroupVersion {
  const { hierarchy, root, limitSwap } = options;
  const controllers = [
    ...(options.cpu ? ["cpu", "cpuacct"] : []),
    ...(options.memory ? ["memory"] : []),
  ] as const;
  for (const controller of controllers) {
    const isolator = controller === "memory" ? "cgroups/mem" : "cgroups/cpu";
    const mounted = join(hierarchy, controller);
    const failed = `Failed to prepare hierarchy for the subsystem '${controller}'`;
    if (!existsSync(join(mounted, "cgroup.procs")))
      throw refusal(isolator, `${failed}: no cgroup v1 or v2 with it is mounted at ${hierarchy}`);
    try {
      mkdirSync(join(mounted, root), { recursive: true });
    } catch (error) {
      throw refusal(isolator, `${failed}: ${messageOf(error)}`);
    }
  }
  if (limitSwap && options.memory && !existsSync(join(hierarchy, "memory", root, swapFile)))
    throw refusal("cgroups/mem", `'${swapFile}' is not available`);
  const file = (container: string, controller: string, name: string): string =>
    join(hierarchy, controller, root, container, name);
  return {
    leaf: "",
    directories: (container) => controllers.map((c) => join(hierarchy, c, root, container)),
    prepare: () => undefined,
    limit: (container, limits, first) => {
      if (options.cpu) {
        write(file(container, "cpu", "cpu.shares"), sharesOf(limits));
        const quota = quotaOf(options, limits);
        if (quota !== undefined) {
          write(file(container, "cpu", "cpu.cfs_period_us"), cfsPeriodUs);
          write(file(container, "cpu", "cpu.cfs_quota_us"), quota);
        }
      }
      if (options.memory) limitMemory1((name) => file(container, "memory", name), limits, first, limitSwap);
    },
    memory: (container) => {
      if (!options.memory) return undefined;
      const of = (name: string): string => file(container, "memory", name);
      return {
        killed: statOf(of("memory.oom_control"))["oom_kill"] ?? 0,
        limitBytes: numberIn(of("memory.limit_in_bytes")),
        mostBytes: numberIn(of("memory.max_usage_in_bytes")),
        statistics: read(of("memory.stat")),
      };
    },
    usage: (container) => ({
      ...(options.cpu ? cpuUsage1((controller, name) => file(container, controller, name)) : {}),
      ...(options.memory ? memoryUsage1((name) => file(container, "memory", name)) : {}),
    }),
  };
}

const swapFile = "memory.memsw.limit_in_bytes";

/** A hard limit is only raised later: lowered below what is in use it would kill. */
function limitMemory1(
  file: (name: string) => string,
  limits: ContainerLimits,
  first: boolean,
  limitSwap: boolean,
): void {
  const { soft, hard } = memoryOf(limits);
  write(file("memory.soft_limit_in_bytes"), soft);
  if (!first && hard <= numberIn(file("memory.limit_in_bytes"))) return;
  const bytes = hard === Number.POSITIVE_INFINITY ? -1 : hard;
  const names = limitSwap ? ["memory.limit_in_bytes", swapFile] : ["memory.limit_in_bytes"];
  // The kernel wants the first never above the second.
  for (const name of first ? names : names.reverse()) write(file(name), bytes);
}

const ticksPerSecond = 100;

function cpuUsage1(file: (controller: string, name: string) => string): Record<string, number> {
  const { user = 0, system = 0 } = statOf(file("cpuacct", "cpuacct.stat"));
  const { nr_periods, nr_throttled, throttled_time } = statOf(file("cpu", "cpu.stat"));
  return {
    cpus_user_time_secs: user / ticksPerSecond,
    cpus_system_time_secs: system / ticksPerSecond,
    ...throttling(nr_periods, nr_throttled, (throttled_time ?? 0) / 1e9),
  };
}

function throttling(
  periods: number | undefined,
  throttled: number | undefined,
  seconds: number,
): Record<string, number> {
  if (periods === undefined || throttled === undefined) return {};
  return { cpus_nr_periods: periods, cpus_nr_throttled: throttled, cpus_throttled_time_secs: seconds };
}

function memoryUsage1(file: (name: string) => string): Record<string, number> {
  const of = statOf(file("memory.stat"));
  return {
    mem_total_bytes: numberIn(file("memory.usage_in_bytes")),
    ...named(of["total_cache"], "mem_file_bytes", "mem_cache_bytes"),
    ...named(of["total_rss"], "mem_anon_bytes", "mem_rss_bytes"),
    ...named(of["total_mapped_file"], "mem_mapped_file_bytes"),
    ...named(of["total_swap"], "mem_swap_bytes"),
    ...named(of["total_unevictable"], "mem_unevictable_bytes"),
  };
}

function named(value: number | undefined, ...names: readonly string[]): Record<string, number> {
  return value === undefined ? {} : Object.fromEntries(names.map((name) => [name, value]));
}

function version2(options: CgroupOptions): CgroupVersion {
  const { hierarchy, root } = options;
  const controllers = [...(options.cpu ? ["cpu"] : []), ...(options.memory ? ["memory"] : [])];
  const there = read(join(hierarchy, "cgroup.controllers")).split(/\s+/);
  const isolator = options.memory ? "cgroups/mem" : "cgroups/cpu";
  for (const controller of controllers) {
    if (!there.includes(controller))
      throw refusal(isolator, `Cgroups v2 controller '${controller}' is not supported by ${hierarchy}`);
  }
  if (options.limitSwap) throw refusal(isolator, "--cgroups_limit_swap is only for cgroups v1");
  /** Hands the controllers on to what is below. */
  const delegate = (directory: string): void => {
    mkdirSync(directory, { recursive: true });
    write(join(directory, "cgroup.subtree_control"), controllers.map((c) => `+${c}`).join(" "));
  };
  try {
    delegate(hierarchy);
    delegate(join(hierarchy, root));
  } catch (error) {
    throw refusal(isolator, messageOf(error));
  }
  const file = (container: string, name: string): string => join(hierarchy, root, container, name);
  return {
    leaf: "leaf", // only cgroups without children may hold processes
    directories: (container) => [join(hierarchy, root, container)],
    prepare: (container) => {
      const parts = container.split("/");
      for (const [i] of parts.slice(0, -1).entries()) {
        delegate(join(hierarchy, root, ...parts.slice(0, i + 1)));
      }
    },
    limit: (container, limits, first) => {
      if (options.cpu) {
        write(file(container, "cpu.weight"), weightOf(sharesOf(limits)));
        const quota = quotaOf(options, limits);
        if (quota !== undefined)
          write(file(container, "cpu.max"), `${quota === -1 ? "max" : quota} ${cfsPeriodUs}`);
      }
      if (!options.memory) return;
      const { soft, hard } = memoryOf(limits);
      write(file(container, "memory.low"), soft);
      if (!first && hard <= numberIn(file(container, "memory.max"))) return;
      write(file(container, "memory.max"), hard === Number.POSITIVE_INFINITY ? "max" : hard);
    },
    memory: (container) =>
      options.memory
        ? {
            killed: statOf(file(container, "memory.events"))["oom_kill"] ?? 0,
            limitBytes: numberIn(file(container, "memory.max")),
            mostBytes: numberIn(file(container, "memory.peak")),
            statistics: read(file(container, "memory.stat")),
          }
        : undefined,
    usage: (container) => ({
      ...(options.cpu ? cpuUsage2(file(container, "cpu.stat")) : {}),
      ...(options.memory ? memoryUsage2((name) => file(container, name)) : {}),
    }),
  };
}

function cpuUsage2(file: string): Record<string, number> {
  const { user_usec = 0, system_usec = 0, nr_periods, nr_throttled, throttled_usec = 0 } = statOf(file);
  return {
    cpus_user_time_secs: user_usec / 1e6,
    cpus_system_time_secs: system_usec / 1e6,
    ...throttling(nr_periods, nr_throttled, throttled_usec / 1e6),
  };
}

function memoryUsage2(file: (name: string) => string): Record<string, number> {
  const of = statOf(file("memory.stat"));
  return {
    mem_total_bytes: numberIn(file("memory.current")),
    ...named(of["file"], "mem_file_bytes", "mem_cache_bytes"),
    ...named(of["anon"], "mem_anon_bytes", "mem_rss_bytes"),
    ...named(of["file_mapped"], "mem_mapped_file_bytes"),
    ...named(of["unevictable"], "mem_unevictable_bytes"),
  };
}

/** `cpu.shares` of version 1. */
function sharesOf({ cpus }: ContainerLimits): number {
  return Math.max(2, Math.floor(1024 * cpus));
}

/** As the kernel's own documentation turns shares into a weight. */
function weightOf(shares: number): number {
  return 1 + Math.floor(((Math.min(shares, 262_144) - 2) * 9_999) / 262_142);
}

/** Microseconds of each period; -1 is no limit, undefined says nothing about one. */
function quotaOf(options: CgroupOptions, { cpus, cpusLimit }: ContainerLimits): number | undefined {
  const limit = cpusLimit ?? (options.enableCfs ? cpus : undefined);
  if (limit === undefined) return undefined;
  if (limit === Number.POSITIVE_INFINITY) return -1;
  return Math.max(minQuotaUs, Math.floor(limit * cfsPeriodUs));
}

function memoryOf({ memBytes, memLimitBytes }: ContainerLimits): { soft: number; hard: number } {
  const soft = Math.max(memBytes, minMemoryBytes);
  return { soft, hard: memLimitBytes === undefined ? soft : Math.max(memLimitBytes, minMemoryBytes) };
}

function read(file: string): string {
  return readFileSync(file, "utf8");
}

/** Of `name value` lines. */
function statOf(file: string): Record<string, number> {
  const pairs = read(file)
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  return Object.fromEntries(pairs.map(([name, value]) => [name ?? "", Number(value)]));
}

function numberIn(file: string): number {
  const text = read(file).trim();
  return text === "max" ? Number.POSITIVE_INFINITY : Number(text);
}

function write(file: string, value: number | string): void {
  writeFileSync(file, String(value));
}
