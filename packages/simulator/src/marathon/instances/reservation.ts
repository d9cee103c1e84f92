// SPDX-License-Identifier: Apache-2.0
import type { Instance } from "./instance";

/** A persistent volume that belongs to one instance for as long as the instance is kept. */
export interface LocalVolume {
  readonly containerPath: string;
  readonly uuid: string;
  /** `<a_b>#<containerPath>#<uuid>`: its id in Mesos. */
  readonly persistenceId: string;
}

/** What is reserved for an instance, and stays so when its task ends. */
export interface InstanceReservation {
  readonly volumes: readonly LocalVolume[];
  readonly agentId: string;
  readonly host: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly zone?: string;
  /** Whether Mesos offered it back to us; until then it may have failed. */
  readonly confirmed: boolean;
  /** The last task that ran on it, while none does. */
  readonly lastTask?: { readonly id: string; readonly state: string };
}

/** Scaled away, but its reservation is kept: it comes back first when the app grows. */
export function isSuspended(instance: Instance): boolean {
  return (
    !instance.wanted &&
    instance.task === undefined &&
    instance.reservation !== undefined &&
    instance.wipe !== true
  );
}

/** Its task is being killed, its reservation kept: it will be suspended, and is not replaced before. */
export function isLeavingItsVolumes(instance: Instance): boolean {
  const { wanted, task, reservation, wipe } = instance;
  return !wanted && task !== undefined && reservation !== undefined && wipe !== true;
}

/** `instance` without its task, its reservation kept. */
export function suspended(instance: Instance, now: number): Instance {
  const { task, ...rest } = instance;
  return { ...rest, ...released(instance), wanted: false, condition: "Killed", since: now };
}

/** The reservation of an instance whose task has ended. */
export function released(instance: Instance): Pick<Instance, "reservation"> {
  const { reservation, task } = instance;
  if (reservation === undefined || task === undefined) return { reservation };
  return { reservation: { ...reservation, lastTask: { id: task.id, state: task.state } } };
}

/** The instance's volumes as answers show them. */
export function localVolumesOf({ runSpecId, reservation }: Instance): Record<string, unknown>[] {
  return (reservation?.volumes ?? []).map((v) => ({ runSpecId, ...v }));
}
