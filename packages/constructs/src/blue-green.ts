// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { Release, type ReleaseArgs } from "./resources/marathon-release";

/** Arguments of {@link BlueGreen}. */
export type BlueGreenArgs = Omit<ReleaseArgs, "steps">;

/**
 * An app whose new version takes over all requests at once: it starts beside the old one, gets everything when it is
 * healthy, and the old one ends when it has stayed healthy for `intervalSeconds`. Until then everything can go back.
 *
 * @example
 * new mesos.marathon.BlueGreen("shop", { app: { cmd, cpus: 0.1, mem: 64, instances: 2 }, acl: "path_beg /shop" },
 *   { provider: cluster.provider });
 */
export class BlueGreen extends pulumi.ComponentResource {
  readonly release: Release;
  /** Path of the app that serves: the blue or the green one. */
  readonly liveAppId: pulumi.Output<string>;

  constructor(name: string, args: BlueGreenArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:marathon:BlueGreen", name, {}, opts);
    this.release = new Release(name, args, { parent: this, customTimeouts: opts?.customTimeouts });
    this.liveAppId = this.release.liveAppId;
    this.registerOutputs({ liveAppId: this.liveAppId });
  }
}
