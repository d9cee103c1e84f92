// SPDX-License-Identifier: Apache-2.0
import type { Failure } from "@pulumi-mesos/model";
import type { Party } from "./port-table";

/** What processors understand. */
export type Architecture = "x86_64" | "arm64";

/** Programs with an identity, by their security group. */
export type MemberRole = Exclude<Party, "mesos-agent" | "internal-balancer" | "public-balancer">;

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
    groups: { instanceType: `${family}.small`, dataGiB: 8 },
  };
}

/** The machines of one agent group. */
export interface AgentMachines {
  /** One or more, of which AWS takes what it has. */
  readonly instanceTypes: readonly string[];
  /** Cheaper machines that AWS takes away when it needs them, two minutes after it says so: they are drained before. @default false */
  readonly spot?: boolean;
  /** Size of the disk, sandboxes and images included. @default 50 */
  readonly diskGiB?: number;
  /** How many there may ever be. @default 100 */
  readonly most?: number;
}

/** Machines of a group that the program says nothing about. */
export function usualAgents(architecture: Architecture): Required<AgentMachines> {
  const instanceTypes = [architecture === "arm64" ? "t4g.large" : "t3.large"];
  return { instanceTypes, spot: false, diskGiB: 50, most: 100 };
}

/** What the machines of an agent group are refused for. */
export function agentFailures(group: string, machines: AgentMachines, architecture: Architecture): Failure[] {
  const at = `agents.${group}`;
  const { instanceTypes, diskGiB = 50, most = 100 } = machines;
  const whole = (path: string, value: number, largest: number): Failure[] =>
    Number.isInteger(value) && value >= 1 && value <= largest
      ? []
      : [{ path: `${at}.${path}`, message: `must be a whole number from 1 to ${largest}, got ${value}` }];
  const none = { path: `${at}.instanceTypes`, message: "must name one instance type or more, got none" };
  return [
    ...(instanceTypes.length === 0 ? [none] : []),
    ...instanceTypes.flatMap((type, i) => typeFailures(`${at}.instanceTypes[${i}]`, type, architecture)),
    ...whole("diskGiB", diskGiB, 16384),
    ...whole("most", most, 200),
  ];
}

/** AWS's own processors have a g behind the generation: t4g, m7gd, c7gn; a1 was the first. NVIDIA's stand in a GB200: p6e-gb200. */
export function architectureOf(instanceType: string): Architecture {
  return /^(a1|[a-z]+\d+[a-z]*g[a-z]*|[a-z]+\d+[a-z]*-g[bh]\d+)\./.test(instanceType) ? "arm64" : "x86_64";
}

/** What a machine is refused for. */
export function machineFailures(role: MemberRole, machine: Machine, architecture: Architecture): Failure[] {
  const at = `machines.${role}`;
  const { instanceType, dataGiB } = machine;
  const size =
    Number.isInteger(dataGiB) && dataGiB >= 1 && dataGiB <= 16384
      ? []
      : [{ path: `${at}.dataGiB`, message: `must be a whole number from 1 to 16384, got ${dataGiB}` }];
  return [...typeFailures(`${at}.instanceType`, instanceType, architecture), ...size];
}

function typeFailures(path: string, type: string, architecture: Architecture): Failure[] {
  const got = JSON.stringify(type);
  if (!/^[a-z][a-z0-9-]*\d[a-z0-9-]*\.[a-z0-9-]+$/.test(type))
    return [{ path, message: `must be an instance type such as "t3.medium", got ${got}` }];
  const own = architectureOf(type);
  if (own === architecture) return [];
  const message = `is ${own}, but the image of the operating system is ${architecture} (image.architecture), got ${got}; choose an instance type or an image of the other`;
  return [{ path, message }];
}
