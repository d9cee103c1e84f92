// SPDX-License-Identifier: Apache-2.0
import type { MesosAgent, MesosClient } from "@pulumi-mesos/client";

/** Marathon refuses offers of a machine from so long before its maintenance begins (`--draining_seconds`). */
const leadMs = 120_000;

/** Ids of agents whose machines an operator has in the maintenance schedule. */
export interface Maintenance {
  /** All of them, whenever their time is, also after it: Mesos refuses to drain them until they are taken out. */
  readonly scheduled: ReadonlySet<string>;
  /** Those whose time is now or shortly: nobody places tasks there. Without a duration it ends when the operator says so. */
  readonly out: ReadonlySet<string>;
}

/** The windows of the maintenance schedule. */
export async function maintenanceWindows(
  mesos: Pick<MesosClient, "call">,
  signal: AbortSignal,
): Promise<readonly Window[]> {
  const answer = await mesos.call<Answer>({ type: "GET_MAINTENANCE_SCHEDULE" }, signal);
  return answer.get_maintenance_schedule?.schedule?.windows ?? [];
}

/** Whose windows these are. Pure. */
export function agentsInMaintenance(
  windows: readonly Window[],
  agents: readonly MesosAgent[],
  wall: number,
): Maintenance {
  const now = windows.filter(({ unavailability }) => holds(unavailability, wall));
  return { scheduled: idsIn(windows, agents), out: idsIn(now, agents) };
}

function idsIn(windows: readonly Window[], agents: readonly MesosAgent[]): Set<string> {
  const machines = windows.flatMap(({ machine_ids: ids = [] }) => ids);
  return new Set(agents.filter((agent) => machines.some((one) => isOn(agent, one))).map(({ id }) => id));
}

interface Answer {
  readonly get_maintenance_schedule?: { readonly schedule?: { readonly windows?: readonly Window[] } };
}
interface Window {
  readonly machine_ids?: readonly Machine[];
  readonly unavailability: Unavailability;
}
interface Unavailability {
  readonly start: { readonly nanoseconds: number };
  readonly duration?: { readonly nanoseconds: number };
}
interface Machine {
  readonly hostname?: string;
  readonly ip?: string;
}

function holds({ start, duration }: Unavailability, wall: number): boolean {
  const from = start.nanoseconds / 1e6;
  return wall >= from - leadMs && (duration === undefined || wall < from + duration.nanoseconds / 1e6);
}

/** A machine is named by its hostname, its address or both; Mesos compares hostnames without regard to case. */
function isOn({ hostname: host, pid }: MesosAgent, { hostname = "", ip = "" }: Machine): boolean {
  const address = /@(.+):\d+$/.exec(pid ?? "")?.[1];
  const isNamed = hostname === "" || hostname.toLowerCase() === host.toLowerCase();
  return isNamed && (ip === "" || ip === address) && hostname + ip !== "";
}
