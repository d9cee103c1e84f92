// SPDX-License-Identifier: Apache-2.0
import type { Failure } from "@pulumi-mesos/model";
import type { Party } from "./port-table";

/** What processors understand. */
export type Architecture = "x86_64" | "arm64";

/** Programs with an identity, by their security group. */
export type MemberRole = Exclude<Party, "mesos-agent" | "groups" | "internal-balancer" | "public-balancer">;

/** Whether there are machines for it. */
export function isMember(party: Party): party is MemberRole {
  return party in usualMachines("x86_64");
}

/** The machine of one member. */
export interface Machine {
  readonly instanceType: string;
  /** Size of the volume with its data, where it keeps some. */
  readonly dataGiB: number;
}

/** A machine for each role that suits a cluster of some hundred agents. */
export function usualMachines(architecture: Architecture): Readonly<Record<MemberRole, Machine>> {
  const family = architecture === "arm64" ? "t4g" : "t3";
  return {
    zookeeper: { instanceType: `${family}.small`, dataGiB: 20 },
    "mesos-master": { instanceType: `${family}.medium`, dataGiB: 20 },
    marathon: { instanceType: `${family}.medium`, dataGiB: 8 },
    edge: { instanceType: `${family}.small`, dataGiB: 8 },
  };
}

/** AWS's own processors have a g behind the generation: t4g, m7gd, c7gn; a1 was the first. */
export function architectureOf(instanceType: string): Architecture {
  return /^(a1|[a-z]+\d+[a-z]*g[a-z]*)\./.test(instanceType) ? "arm64" : "x86_64";
}

/** What a machine is refused for. */
export function machineFailures(role: MemberRole, machine: Machine, architecture: Architecture): Failure[] {
  const at = `machines.${role}`;
  const { instanceType, dataGiB } = machine;
  const got = JSON.stringify(instanceType);
  if (!/^[a-z][a-z0-9-]*\d[a-z0-9-]*\.[a-z0-9-]+$/.test(instanceType))
    return [
      { path: `${at}.instanceType`, message: `must be an instance type such as "t3.medium", got ${got}` },
    ];
  const size =
    Number.isInteger(dataGiB) && dataGiB >= 1 && dataGiB <= 16384
      ? []
      : [{ path: `${at}.dataGiB`, message: `must be a whole number from 1 to 16384, got ${dataGiB}` }];
  const own = architectureOf(instanceType);
  const processor = {
    path: `${at}.instanceType`,
    message: `is ${own}, but the image of the operating system is ${architecture} (image.architecture), got ${got}; choose an instance type or an image of the other`,
  };
  return [...size, ...(own === architecture ? [] : [processor])];
}
