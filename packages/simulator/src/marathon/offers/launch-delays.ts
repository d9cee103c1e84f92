// SPDX-License-Identifier: Apache-2.0
import { configVersion, type RunSpec } from "../run-spec/run-spec";

interface Delay {
  readonly configVersion: string;
  /** How long the last wait was, in seconds. */
  readonly seconds: number;
  readonly until: number;
  readonly lastFailureAt: number;
}

type Backoff = Pick<
  RunSpec,
  "id" | "version" | "versionInfo" | "backoffSeconds" | "backoffFactor" | "maxLaunchDelaySeconds"
>;

/** How long the next launch of each app and pod waits after failures (marathon.md §2.5); it lasts as long as the leader. */
export class LaunchDelays {
  readonly #delays = new Map<string, Delay>();

  /** One task failed or finished at `now`. */
  add(spec: Backoff, now: number): void {
    const before = this.#current(spec, now);
    const seconds =
      before === undefined
        ? spec.backoffSeconds
        : Math.min(
            Math.max(before.seconds, spec.backoffSeconds) * spec.backoffFactor,
            spec.maxLaunchDelaySeconds,
          );
    this.#delays.set(spec.id, {
      configVersion: configVersion(spec),
      seconds,
      until: now + seconds * 1000,
      lastFailureAt: now,
    });
  }

  /** When the next launch may be; not after `now` when it may be at once. */
  until(spec: Backoff, now: number): number {
    return this.#current(spec, now)?.until ?? now;
  }

  reset(specId: string): void {
    this.#delays.delete(specId);
  }

  #current(spec: Backoff, now: number): Delay | undefined {
    const delay = this.#delays.get(spec.id);
    if (delay === undefined || delay.configVersion !== configVersion(spec)) return undefined;
    return now > delay.until + spec.maxLaunchDelaySeconds * 1000 ? undefined : delay;
  }
}
