// SPDX-License-Identifier: Apache-2.0
import { isIPv4 } from "node:net";
import type { Registry } from "./registry";
import type { Agent } from "./state";

/** How maintenance names a machine: both must be what its agents say. */
export interface MachineId {
  readonly hostname?: string;
  readonly ip?: string;
}

export interface Unavailability {
  readonly start: { readonly nanoseconds: number | string };
  readonly duration?: { readonly nanoseconds: number | string };
}

export interface MaintenanceWindow {
  readonly machine_ids?: readonly MachineId[];
  readonly unavailability: Unavailability;
}

export interface Schedule {
  readonly windows?: readonly MaintenanceWindow[];
}

/** A machine that is in the schedule. */
export interface Machine {
  readonly id: MachineId;
  readonly mode: "DRAINING" | "DOWN";
  readonly unavailability: Unavailability;
}

export function machineKey({ hostname, ip }: MachineId): string {
  return `${(hostname ?? "").toLowerCase()}|${ip ?? ""}`;
}

export function printMachine({ hostname, ip }: MachineId): string {
  if (hostname === undefined || hostname === "") return ip ?? "";
  return ip === undefined || ip === "" ? hostname : `${hostname} (${ip})`;
}

/** The machine on which an agent with this pid and host name runs. */
export function machineOf(agent: {
  readonly pid: string;
  readonly info: { readonly hostname: string };
}): MachineId {
  return { hostname: agent.info.hostname, ip: /@(.+):\d+$/.exec(agent.pid)?.[1] ?? "" };
}

export function scheduled(registry: Registry, agent: Parameters<typeof machineOf>[0]): Machine | undefined {
  return registry.machines?.[machineKey(machineOf(agent))];
}

export function agentsOn(agents: Iterable<Agent>, id: MachineId): Agent[] {
  return [...agents].filter((agent) => machineKey(machineOf(agent)) === machineKey(id));
}

/** Why a schedule is refused (src/master/maintenance.cpp). */
export function invalidSchedule(schedule: Schedule, registry: Registry): string | undefined {
  const updated = new Set<string>();
  for (const { machine_ids: ids = [], unavailability } of schedule.windows ?? []) {
    if (ids.length === 0) return "List of machines in the maintenance window is empty";
    if (unavailability?.start === undefined) return "Unavailability 'start' is missing";
    if (Number(unavailability.duration?.nanoseconds ?? 0) < 0) return "Unavailability 'duration' is negative";
    const wrong = invalidMachines(ids, updated);
    if (wrong !== undefined) return wrong;
  }
  for (const [key, { id, mode }] of Object.entries(registry.machines ?? {})) {
    if (mode === "DOWN" && !updated.has(key)) {
      return `Machine '${debug(id)}' is deactivated and cannot be removed from the schedule`;
    }
  }
  return undefined;
}

export function invalidMachines(ids: readonly MachineId[], seen = new Set<string>()): string | undefined {
  if (ids.length === 0) return "List of machines is empty";
  for (const id of ids) {
    if ((id.hostname ?? "") === "" && (id.ip ?? "") === "") {
      return "Both 'hostname' and 'ip' for a machine are empty";
    }
    if (id.ip !== undefined && id.ip !== "" && !isIPv4(id.ip)) return `Failed to parse IP '${id.ip}'`;
    const key = machineKey(id);
    if (seen.has(key)) return `Machine '${debug(id)}' appears more than once in the schedule`;
    seen.add(key);
  }
  return undefined;
}

/** As protocol buffers print themselves. */
function debug({ hostname, ip }: MachineId): string {
  const lines = [
    ...(hostname === undefined ? [] : [`hostname: "${hostname}"`]),
    ...(ip === undefined ? [] : [`ip: "${ip}"`]),
  ];
  return `${lines.join("\n")}\n`;
}
