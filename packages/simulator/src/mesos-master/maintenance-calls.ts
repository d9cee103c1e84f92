// SPDX-License-Identifier: Apache-2.0
import type { Leader } from "./leader";
import type { MachineId, Schedule } from "./machines";
import type { CallRefusal } from "./scheduler-call";

type Json = Record<string, unknown>;

/** Reading calls of the operator API about maintenance. */
export const maintenanceReaders: Readonly<
  Record<string, (leader: Leader, principal: string | undefined) => Json>
> = {
  GET_MAINTENANCE_STATUS: ({ maintenance, context }, principal) => ({
    status: context.authorizer.allows("get_maintenance_statuses", principal) ? maintenance.status : {},
  }),
  GET_MAINTENANCE_SCHEDULE: ({ maintenance, context }, principal) => ({
    schedule: context.authorizer.allows("get_maintenance_schedules", principal) ? maintenance.schedule : {},
  }),
};

export const maintenanceChanges: Readonly<
  Record<string, (leader: Leader, args: Json) => Promise<CallRefusal | undefined>>
> = {
  UPDATE_MAINTENANCE_SCHEDULE: async ({ maintenance }, { schedule }) =>
    isSchedule(schedule) ? await maintenance.update(schedule) : malformed("'schedule' with windows"),
  START_MAINTENANCE: async ({ maintenance }, { machines }) => {
    const ids = machinesOf(machines === undefined ? [] : machines);
    return ids === undefined ? malformed("a list of machines") : await maintenance.down(ids);
  },
  STOP_MAINTENANCE: async ({ maintenance }, { machines }) => {
    const ids = machinesOf(machines === undefined ? [] : machines);
    return ids === undefined ? malformed("a list of machines") : await maintenance.up(ids);
  },
};

function malformed(expected: string): CallRefusal {
  return { status: 400, message: `Failed to parse body: expected ${expected}` };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSchedule(body: unknown): body is Schedule {
  if (!isObject(body)) return false;
  const windows = body["windows"] ?? [];
  return (
    Array.isArray(windows) &&
    windows.every(
      (w: unknown) =>
        isObject(w) && isObject(w["unavailability"]) && machinesOf(w["machine_ids"] ?? []) !== undefined,
    )
  );
}

function machinesOf(body: unknown): MachineId[] | undefined {
  if (!Array.isArray(body)) return undefined;
  const texts = (m: unknown): m is MachineId =>
    isObject(m) && [m["hostname"] ?? "", m["ip"] ?? ""].every((v) => typeof v === "string");
  return body.every(texts) ? body : undefined;
}
