// SPDX-License-Identifier: Apache-2.0
import {
  expandPlaceholders,
  MesosError,
  memberName,
  type Placeholders,
  type PoolBackend,
} from "@pulumi-mesos/model";
import type { Notice } from "../notice";
import type { Applied, Member } from "../observed";

/** A fault domain of Mesos. */
export interface Place {
  readonly region: string;
  readonly zone: string;
}

/** Where members of pools are made. */
export interface Backend {
  /** Which declarations it follows; the controller hands it no other. */
  readonly kind: PoolBackend["kind"];
  /** The members that a pool has, whatever their state, with what was said about the end of each. */
  members(pool: string): Promise<Member[]>;
  /** Where its members may come to be, of a backend that spreads them; it keeps each as full as the others. @default it does not say */
  places?(backend: PoolBackend): Promise<readonly Place[]>;
  /** How many members there is room for. */
  capacity(backend: PoolBackend): number;
  /**
   * Sees to it that a member runs this and is ready; one that does already is left alone, one that runs something else starts
   * anew on its data.
   */
  start(pool: string, index: number, applied: Applied, signal: AbortSignal): Promise<void>;
  /** Ends a member for good and removes its data; gone already is success. */
  terminate(name: string, signal: AbortSignal): Promise<void>;
}

/** Where people say, on machines of their own, that a member is to go: a file of this name among its data, as `readNotice` has it. */
export const noticeFile = "notice";

/** The member with what was said about its end, where something was. */
export function withNotice(member: Member, notice: Notice | undefined): Member {
  return notice === undefined ? member : { ...member, notice };
}

/** Member n has the address .n of the pool's network, where the backend says so beforehand. */
export function addressOf(backend: Exclude<PoolBackend, { kind: "aws" }>, index: number): string {
  return backend.network.replace(/0\/24$/, String(index));
}

/** Where a member is; nowhere while AWS has given it no address. */
export function addressIn(backend: PoolBackend, members: readonly Member[], index: number): string {
  const address = members.find((member) => member.index === index)?.address;
  return address ?? (backend.kind === "aws" ? "" : addressOf(backend, index));
}

/** The index of a pool's member by its name; undefined for what is none of its members. */
export function indexOf(pool: string, name: string): number | undefined {
  const prefix = memberName(pool, 0).slice(0, -1);
  const number = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^[1-9]\d{0,2}$/.test(number) ? Number(number) : undefined;
}

/** Fills placeholders in, in every text of a template. */
export function fill<T>(value: T, values: Partial<Placeholders>): T {
  if (typeof value === "string") return expandPlaceholders(value, values) as T;
  if (Array.isArray(value)) return value.map((item) => fill(item, values)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)])) as T;
}

/** How members are made, where this controller can make them so. */
export function ofKind<K extends PoolBackend["kind"]>(
  backend: PoolBackend,
  kind: K,
): Extract<PoolBackend, { kind: K }> {
  if (backend.kind === kind) return backend as Extract<PoolBackend, { kind: K }>;
  throw new MesosError(
    "MESOS_GROUPS_BACKEND",
    `backend: must be ${kind}, because this controller makes members there, got ${backend.kind}`,
  );
}
