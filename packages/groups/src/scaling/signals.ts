// SPDX-License-Identifier: Apache-2.0
import { isAborted, readNumber } from "@pulumi-mesos/client";
import {
  type AutoscalePolicy,
  type Bounds,
  boundsAt,
  messageOf,
  type ScalingSignal,
} from "@pulumi-mesos/model";

/** What somebody else's word makes of a policy now. */
export interface Told {
  readonly bounds: Bounds;
  /** Which signals say nothing. */
  readonly held?: string;
}

/** How long a signal may take: it must not hold a decision up. */
const boundMs = 2_000;

/** Bounds by schedule, and at least as many agents as the signals ask for within them. */
export async function listen(policy: AutoscalePolicy, now: number, signal: AbortSignal): Promise<Told> {
  const bounds = boundsAt(policy, now);
  const heard = await Promise.all((policy.signals ?? []).map((one) => hear(one, signal)));
  const silent = heard.filter(({ problem }) => problem !== undefined);
  const wanted = heard.reduce((most, one) => (one.agents > most.agents ? one : most), nobody);
  const min = Math.min(bounds.max, Math.max(bounds.min, wanted.agents));
  return {
    bounds: min > bounds.min ? { min, max: bounds.max, because: wanted.because } : bounds,
    ...(silent.length === 0 ? {} : { held: silent.map(({ problem }) => problem).join("; ") }),
  };
}

interface Heard {
  readonly agents: number;
  readonly because: string;
  readonly problem?: string;
}
const nobody: Heard = { agents: 0, because: "" };

async function hear({ name, perAgent, ...where }: ScalingSignal, signal: AbortSignal): Promise<Heard> {
  try {
    const value = await readNumber(where, boundMs, signal);
    const agents = Math.ceil(Math.max(0, value) / perAgent);
    return { agents, because: `signal ${name} says ${value}` };
  } catch (error) {
    if (isAborted(error)) signal.throwIfAborted();
    return { ...nobody, problem: `signal ${name} says nothing: ${messageOf(error)}` };
  }
}
