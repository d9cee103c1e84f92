// SPDX-License-Identifier: Apache-2.0
import {
  defaultIntervalSeconds,
  defaultMinRequests,
  MesosError,
  type ReleaseInputs,
} from "@pulumi-mesos/model";
import { now, sleep } from "../clock";
import { answered } from "../marathon/deployment-wait";
import { endOfTime } from "../operation";
import type { Context } from "../resource";
import { describeApp, isServing } from "./app-deployed";
import type { Marathon } from "./marathon-in";
import { ReleaseTraffic } from "./release-traffic";
import { describeErrors, verdictOf } from "./release-verdict";

/** The new version at a step. */
export interface Watched {
  readonly marathon: Marathon;
  readonly inputs: ReleaseInputs;
  readonly next: string;
  readonly context: Context;
}

const lookMs = 1_000;

/**
 * Looks at the new version until the step's time is over and it got enough requests to be judged; fails as soon as it does
 * not serve as a whole, or too many of its requests end with an error.
 */
export async function watch(about: Watched, step: number): Promise<void> {
  const { inputs, next, context } = about;
  const { signal, progress } = context;
  const end = now() + (inputs.intervalSeconds ?? defaultIntervalSeconds) * 1000;
  const traffic = inputs.maxErrorRate === undefined ? undefined : new ReleaseTraffic(next, context);
  let undecided: string | undefined;
  try {
    for (;;) {
      const { isKnown, line } = await look(about, step, traffic);
      const left = end - now();
      if (left <= 0 && isKnown) return;
      undecided = isKnown ? undefined : line;
      progress(line);
      await sleep(left > 0 ? Math.min(lookMs, left) : lookMs, signal);
    }
  } catch (error) {
    if (undecided === undefined || !signal.aborted) throw error;
    throw endOfTime(signal, undecided);
  }
}

/** How the new version is, and whether its requests are enough to say so. */
async function look(
  { marathon, inputs, next, context }: Watched,
  step: number,
  traffic: ReleaseTraffic | undefined,
): Promise<{ readonly isKnown: boolean; readonly line: string }> {
  const { signal } = context;
  const app = await answered(() => marathon.client.getApp(next, signal), context);
  if (app === undefined || !isServing(app)) {
    const how = app === undefined ? "it was deleted" : describeApp(app);
    throw new MesosError("MESOS_RELEASE_UNHEALTHY", `${next} failed at ${step} % of the requests: ${how}`);
  }
  const line = `${next} takes ${step} % of the requests, ${describeApp(app)}`;
  if (traffic === undefined) return { isKnown: true, line };
  const observed = await traffic.look(signal);
  const seen = describeErrors(observed);
  switch (verdictOf(observed, inputs)) {
    case "good":
      return { isKnown: true, line: `${line}, ${seen}` };
    case "bad":
      throw new MesosError(
        "MESOS_RELEASE_ERRORS",
        `${next} failed at ${step} % of the requests: ${seen}, maxErrorRate is ${inputs.maxErrorRate}`,
      );
    case "unknown": {
      const least = inputs.minRequests ?? defaultMinRequests;
      return { isKnown: false, line: `${line}, ${seen}, too few to judge it: minRequests is ${least}` };
    }
  }
}
