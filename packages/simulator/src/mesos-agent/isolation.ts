// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

/** What the real agent calls older names of (src/slave/containerizer/mesos/containerizer.cpp). */
const olderNames: Readonly<Record<string, string>> = {
  process: "posix/cpu,posix/mem",
  cgroups: "cgroups/cpu,cgroups/mem",
  "posix/disk": "disk/du",
};

/** Those that have an effect here; the posix ones only watch, in the real agent too. */
const effective: readonly string[] = [
  "cgroups/all",
  "cgroups/cpu",
  "cgroups/mem",
  "filesystem/posix",
  "posix/cpu",
  "posix/mem",
  "posix/rlimits",
  "volume/sandbox_path",
];

const withoutEffect: readonly string[] = [
  "appc/runtime",
  "cgroups/blkio",
  "cgroups/cpuset",
  "cgroups/devices",
  "cgroups/hugetlb",
  "cgroups/net_cls",
  "cgroups/net_prio",
  "cgroups/perf_event",
  "cgroups/pids",
  "disk/du",
  "disk/xfs",
  "docker/runtime",
  "docker/volume",
  "environment_secret",
  "filesystem/linux",
  "filesystem/shared",
  "gpu/nvidia",
  "linux/capabilities",
  "linux/devices",
  "linux/nnp",
  "linux/seccomp",
  "namespaces/ipc",
  "namespaces/pid",
  "network/cni",
  "network/port_mapping",
  "network/ports",
  "volume/csi",
  "volume/host_path",
  "volume/image",
  "volume/secret",
];

/** The isolators of `--isolation`, by their present names; a name that no agent knows is refused. */
export function parseIsolation(value: string): readonly string[] {
  const names = value.split(",").flatMap((name) => (olderNames[name.trim()] ?? name.trim()).split(","));
  for (const name of names) {
    if (effective.includes(name) || withoutEffect.includes(name)) continue;
    throw new MesosError(
      "MESOS_SIMULATOR_FLAG",
      `Unknown or unsupported isolator '${name}', known are ${[...effective, ...withoutEffect].sort().join(", ")}`,
    );
  }
  return [...new Set(names)];
}

/** Those of a list that change nothing here. */
export function idleIsolators(names: readonly string[]): string[] {
  return names.filter((name) => withoutEffect.includes(name));
}

/** Which controllers of cgroups hold tasks to what they asked for. */
export function wantedControllers(names: readonly string[]): {
  readonly cpu: boolean;
  readonly memory: boolean;
} {
  const all = names.includes("cgroups/all");
  return { cpu: all || names.includes("cgroups/cpu"), memory: all || names.includes("cgroups/mem") };
}
