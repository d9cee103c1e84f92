// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp } from "@pulumi-mesos/client";
import { messageOf, within } from "@pulumi-mesos/model";
import type { Clock } from "./clock";
import type { App } from "./observed";
import { type Marathon, type Mesos, observeAgents, observeApp, type Seen } from "./world";

/** What a program writes about its work. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** How long Mesos or Marathon may take to answer before a round goes on without them. */
export const askMs = 5000;

/** What Marathon said in this round. */
export interface Asked {
  readonly documents?: readonly MarathonApp[];
  readonly apps: readonly App[] | undefined;
  readonly reason?: string;
}

interface LookParts {
  readonly mesos: Mesos;
  readonly marathon: Marathon | undefined;
  readonly marathonName: string;
  readonly clock: Pick<Clock, "wall">;
  readonly log: Log;
}

/** Agents and tasks; nothing while no master answers. */
export async function lookAtMesos(
  { mesos, marathonName: marathon, clock, log }: LookParts,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<Seen | undefined> {
  try {
    const about = { marathon, wall: clock.wall() };
    return await observeAgents(mesos, hosts, about, within(signal, askMs));
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ reason: messageOf(error) }, "no master answers");
    return undefined;
  }
}

/** Apps; none where there is no Marathon. */
export async function lookAtMarathon({ marathon, log }: LookParts, signal: AbortSignal): Promise<Asked> {
  if (marathon === undefined) return { apps: [], documents: [] };
  try {
    const documents = await marathon.getApps(within(signal, askMs));
    return { apps: documents.map(observeApp), documents };
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ reason: messageOf(error) }, "Marathon does not answer");
    return { apps: undefined, reason: messageOf(error) };
  }
}
