// SPDX-License-Identifier: Apache-2.0
import type { MemberAccess } from "@pulumi-mesos/client";
import { isMesosError, type MemberAddress, type MemberKind, type MemberStatus } from "@pulumi-mesos/model";
import { now, sleep } from "./clock";
import { isTimeOver } from "./operation";

/** Asks members how they are: the client's `probeEnsemble`, or a fake of it in tests. */
export type ProbeEnsemble = (
  kind: MemberKind,
  members: readonly MemberAddress[],
  signal: AbortSignal,
  access?: MemberAccess,
) => Promise<MemberStatus[]>;

/** The client's probe, loaded at its first use. */
export const probeEnsemble: ProbeEnsemble = async (kind, members, signal, access) => {
  const client = await import("@pulumi-mesos/client");
  return client.probeEnsemble(kind, members, signal, access);
};

const pauseMs = 250;
/** How long a way that is lost is waited for: a bastion restarts, and the tunnel is opened anew. */
const noWayMs = 60_000;

/**
 * Looks again and again until there is an answer. When the time is over before, answers undefined: the caller
 * knows the last look and says what is missing; where there was no way to look, it rejects with why. Rejects with the reason
 * of any other abort.
 */
export async function lookUntil<T>(
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  let noWaySince: number | undefined;
  let noWay: unknown;
  while (!signal.aborted) {
    try {
      const answer = await look();
      if (answer !== undefined) return answer;
      noWaySince = undefined;
      await sleep(pauseMs, signal);
    } catch (error) {
      if (signal.aborted) break;
      noWaySince ??= now();
      if (!isPassingAccessFault(error) || now() - noWaySince > noWayMs) throw error;
      noWay = error;
      await sleep(pauseMs, signal).catch(() => undefined);
    }
  }
  if (!isTimeOver(signal)) throw signal.reason;
  if (noWaySince !== undefined) throw noWay;
  return undefined;
}

/** Whether another try may find a way. */
function isPassingAccessFault(error: unknown): boolean {
  return isMesosError(error) && error.code === "MESOS_CLIENT_ACCESS" && error.retryable;
}

/** Which members are missing and why, each by its name. */
export function describeMissing(members: readonly MemberStatus[]): string {
  return members
    .filter((m) => !m.joined)
    .map((m) => `${m.name} is ${m.up ? "up but has not joined" : "down"} (${m.detail})`)
    .join(", ");
}
