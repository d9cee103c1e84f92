// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import type { Backend, Server } from "./route";

/** One of a backend's servers as HAProxy has it: a place that a task can take without a reload. */
export interface Slot {
  readonly address: string;
  readonly port: number;
  readonly state: "ready" | "drain" | "maint";
  /** Its share of the requests beside the backend's other slots. @default 1 */
  readonly weight?: number;
}

/** Slots by backend; slot n is the server `s<n+1>`. */
export type SlotTable = ReadonlyMap<string, readonly Slot[]>;

/** A change that HAProxy takes at run time. */
export interface SlotChange {
  readonly backend: string;
  /** Index of the slot. */
  readonly slot: number;
  /** Set when the slot gets another task. */
  readonly address?: { readonly address: string; readonly port: number };
  readonly state: Slot["state"];
  /** Set when its share changes. */
  readonly weight?: number;
}

export const emptySlot: Slot = { address: "127.0.0.1", port: 1, state: "maint" };

/** Name of the server in slot `index`. */
export function slotName(index: number): string {
  return `s${index + 1}`;
}

/** How many slots a backend gets: room for a rolling restart of all its tasks, in steps of four. */
export function slotsFor(servers: number): number {
  return Math.ceil((servers * 2 + 2) / 4) * 4;
}

/** What {@link planSlots} decided. */
export interface SlotPlan {
  /** The table once the changes are made and, where a backend is new or grew, HAProxy is reloaded. */
  readonly table: SlotTable;
  /** Changes of slots that HAProxy has already; those that add servers come first. */
  readonly changes: readonly SlotChange[];
}

/** The backends for which a table needs no change, and the backend for which slots need none: most are as they were. */
const settledTables = new WeakMap<SlotTable, readonly Backend[]>();
const settled = new WeakMap<readonly Slot[], Backend>();

/** Gives every server of `backends` a slot; a server that has one keeps it. */
export function planSlots(current: SlotTable, backends: readonly Backend[]): SlotPlan {
  const moved = new Map<string, readonly Slot[]>();
  const changes: SlotChange[] = [];
  const last = settledTables.get(current);
  let known = 0;
  for (let i = 0; i < backends.length; i++) {
    const backend = backends[i];
    if (last !== undefined && backend === last[i]) known++;
    if (!backend || backend === last?.[i]) continue;
    const before = current.get(backend.name);
    if (before) known++;
    if (before && settled.get(before) === backend) continue;
    const slots = placeServers(before ?? [], backend.servers);
    const changesBefore = changes.length;
    if (before) changes.push(...changesOf(backend.name, before, slots));
    if (before?.length === slots.length && changes.length === changesBefore) settled.set(before, backend);
    else moved.set(backend.name, slots);
  }
  if (moved.size === 0) settledTables.set(current, backends);
  const order = { ready: 0, drain: 1, maint: 2 };
  return {
    table: known === current.size ? withMoved(current, moved) : tableOf(backends, current, moved),
    changes: changes.sort((a, b) => order[a.state] - order[b.state]),
  };
}

/** Most of a table stays, and all of it when nothing moved. */
function withMoved(current: SlotTable, moved: SlotTable): SlotTable {
  if (moved.size === 0) return current;
  const table = new Map(current);
  for (const [name, slots] of moved) table.set(name, slots);
  return table;
}

function tableOf(backends: readonly Backend[], current: SlotTable, moved: SlotTable): SlotTable {
  return new Map(backends.map(({ name }) => [name, moved.get(name) ?? current.get(name) ?? []]));
}

function changesOf(backend: string, before: readonly Slot[], slots: readonly Slot[]): SlotChange[] {
  return before.flatMap((was, slot): SlotChange[] => {
    const is = slots[slot] ?? emptySlot;
    const moved = was.address !== is.address || was.port !== is.port;
    const weighs = weightOf(was) !== weightOf(is);
    if (!moved && !weighs && was.state === is.state) return [];
    const address = moved ? { address: { address: is.address, port: is.port } } : {};
    const weight = weighs ? { weight: weightOf(is) } : {};
    return [{ backend, slot, ...address, ...weight, state: is.state }];
  });
}

function placeServers(before: readonly Slot[], servers: readonly Server[]): Slot[] {
  const wanted = new Map(servers.map((server) => [keyOf(server), server]));
  const slots: Slot[] = before.map((slot) => {
    const server = wanted.get(keyOf(slot));
    wanted.delete(keyOf(slot));
    return server
      ? server.state === "drain"
        ? { ...slot, state: "drain" }
        : slotOf(server)
      : slot.state === "maint"
        ? slot
        : { ...slot, state: "maint" };
  });
  // A task that leaves and has no slot needs none.
  const entering = [...wanted.values()].filter((server) => server.state === "ready");
  const free = slots.flatMap((slot, index) => (slot.state === "maint" ? [index] : []));
  // Slots that were free before come first: those freed now may still have requests to finish.
  free.sort((a, b) => Number(before[a]?.state !== "maint") - Number(before[b]?.state !== "maint") || a - b);
  if (slots.length === 0 || entering.length > free.length) {
    const size = Math.max(slotsFor(servers.length), slots.length - free.length + entering.length);
    while (slots.length < size) {
      free.push(slots.length);
      slots.push(emptySlot);
    }
  }
  for (const server of entering) {
    const index = free.shift();
    if (index !== undefined) slots[index] = slotOf(server);
  }
  return slots;
}

/** `table`, with the very slots of `known` where they are the same: what is known of them goes on to hold. */
export function withKnown(table: SlotTable, known: SlotTable): SlotTable {
  return new Map(
    [...table].map(([name, slots]) => {
      const before = known.get(name);
      return [name, isDeepStrictEqual(before, slots) && before ? before : slots];
    }),
  );
}

/** `table` after `changes`. */
export function changed(table: SlotTable, changes: readonly SlotChange[]): SlotTable {
  const next = new Map(table);
  for (const { backend, slot, address, state, weight } of changes) {
    const slots = [...(next.get(backend) ?? [])];
    const was = slots[slot] ?? emptySlot;
    slots[slot] = slotOf({ ...was, ...address, state, weight: weight ?? weightOf(was) });
    next.set(backend, slots);
  }
  return next;
}

/** What HAProxy has after it has read `table` from its file: only tasks that take requests. */
export function loaded(table: SlotTable): SlotTable {
  return new Map(
    [...table].map(([name, slots]) => [name, slots.map((s) => (s.state === "ready" ? s : emptySlot))]),
  );
}

/** A slot in which a weight of 1 is not written down. */
function slotOf({ address, port, state, weight = 1 }: Slot): Slot {
  return { address, port, state, ...(weight !== 1 && { weight }) };
}

function weightOf({ weight = 1 }: Pick<Slot, "weight">): number {
  return weight;
}

function keyOf(at: { readonly address: string; readonly port: number }): string {
  return `${at.address} ${at.port}`;
}
