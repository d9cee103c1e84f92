// SPDX-License-Identifier: Apache-2.0
import type { LocalPoolBackend } from "@pulumi-mesos/model";
import type { Applied, Member } from "../observed";

/** Where members of pools are made: this machine for now. */
export interface Backend {
  /** The members that a pool has, whatever their state. */
  members(pool: string): Promise<Member[]>;
  addressOf(backend: LocalPoolBackend, index: number): string;
  /** How many members there is room for. */
  capacity(backend: LocalPoolBackend): number;
  /** Sees to it that a member runs and is ready; one that does already is left alone. */
  start(pool: string, index: number, applied: Applied, signal: AbortSignal): Promise<void>;
  /** Ends a member for good and removes its data; gone already is success. */
  terminate(name: string, signal: AbortSignal): Promise<void>;
}
