// SPDX-License-Identifier: Apache-2.0
import type { MemberAccess } from "@pulumi-mesos/client";
import type { MemberAddress, MemberKind, MemberStatus } from "@pulumi-mesos/model";
import { sleep } from "./clock";
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

/**
 * Looks again and again until there is an answer. When the time is over before, answers undefined: the caller
 * knows the last look and says what is missing. Rejects with the reason of any other abort.
 */
export async function lookUntil<T>(
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      const answer = await look();
      if (answer !== undefined) return answer;
      await sleep(pauseMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  if (!isTimeOver(signal)) throw signal.reason;
  return undefined;
}

/** Which members are missing and why, each by its name. */
export function describeMissing(members: readonly MemberStatus[]): string {
  return members
    .filter((m) => !m.joined)
    .map((m) => `${m.name} is ${m.up ? "up but has not joined" : "down"} (${m.detail})`)
    .join(", ");
}
