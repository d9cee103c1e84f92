// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { Release, type ReleaseArgs } from "./resources/marathon-release";

/** Few requests first, so that a bad version hurts few. */
const smallSteps = [5, 25, 50, 100];
const watchedSeconds = 60;

/** Arguments of {@link Canary}. */
export interface CanaryArgs extends Omit<ReleaseArgs, "steps" | "intervalSeconds"> {
  /** Percentages of the requests that a new version takes one after the other, growing. @default 5, 25, 50, 100 */
  readonly steps?: ReleaseArgs["steps"];
  /** How many seconds it must stay healthy at each step. @default 60 */
  readonly intervalSeconds?: ReleaseArgs["intervalSeconds"];
}

/**
 * An app whose new version takes over the requests little by little, as long as it is healthy. As soon as it is not, all
 * go back to the old version, which runs untouched to the end.
 *
 * @example
 * new mesos.marathon.Canary("shop", { app: { cmd, cpus: 0.1, mem: 64, instances: 2 }, acl: "path_beg /shop",
 *   steps: [1, 10, 50], intervalSeconds: 120 }, { provider: cluster.provider });
 */
export class Canary extends pulumi.ComponentResource {
  readonly release: Release;
  /** Path of the app that serves: the blue or the green one. */
  readonly liveAppId: pulumi.Output<string>;

  constructor(name: string, args: CanaryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:marathon:Canary", name, {}, opts);
    const { steps = smallSteps, intervalSeconds = watchedSeconds } = args;
    this.release = new Release(
      name,
      { ...args, steps, intervalSeconds },
      { parent: this, customTimeouts: opts?.customTimeouts },
    );
    this.liveAppId = this.release.liveAppId;
    this.registerOutputs({ liveAppId: this.liveAppId });
  }
}
