// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { type App as AppDocument, resourceTokens } from "@pulumi-mesos/model";
import { isOfType } from "./is-of-type";
import type { Lifted } from "./lifted";
import type { AppTask } from "./marathon-app";
import { pluginOptions } from "./plugin-options";

/** An app in Marathon's own words and units, without a path: each version gets one of its own. */
export type ReleasedApp = Omit<Lifted<AppDocument>, "id" | "version">;

/** What a {@link Release} is told. */
export interface ReleaseArgs {
  /** Path of the route; its two apps are called so with `-blue` and `-green` at the end. @default "/" and the resource's name */
  readonly id?: pulumi.Input<string>;
  /**
   * The app. A changed one is another version, which starts beside the running one; a change of `instances` alone scales.
   * Both run for a while, so they can share neither a fixed host port on one agent nor a persistent volume.
   */
  readonly app: pulumi.Input<ReleasedApp>;
  /** HAProxy condition that chooses the requests, such as `path_beg /shop` or `hdr(host) -i shop.example`: one line. */
  readonly acl: pulumi.Input<string>;
  /** Values that Bamboo keeps beside the ACL, such as `PortIndex`. @default none */
  readonly config?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /**
   * Percentages of the requests that a new version takes one after the other, growing; 100 comes last by itself.
   *
   * @default 100 alone: all at once
   */
  readonly steps?: pulumi.Input<readonly pulumi.Input<number>[]>;
  /** How many seconds a new version must stay healthy at each step, at the last one before the old version ends. @default 30 */
  readonly intervalSeconds?: pulumi.Input<number>;
  /**
   * The largest part of a new version's requests that may end with a 5xx at each step, from 0 to 1, as all edges count them:
   * 0.01 is Flagger's usual success rate of 99 %. One more sends all requests back.
   *
   * @default health alone decides
   */
  readonly maxErrorRate?: pulumi.Input<number>;
  /**
   * How many requests a new version must have got at a step before `maxErrorRate` judges it. Fewer are neither success nor
   * failure: the step goes on until they are there, and when the time of the `up` is over before, all requests go back.
   * With 0 a version that nobody asks passes.
   *
   * @default 20, as Hystrix's `circuitBreaker.requestVolumeThreshold`
   */
  readonly minRequests?: pulumi.Input<number>;
}

/** Inputs of a release that is only read. */
const nothing: Partial<ReleaseArgs> = {};

/**
 * One app in two versions behind one rule of the edge: a changed version starts beside the running one, takes over its
 * requests step by step while it is healthy and answers, and the old one ends. When it fails, all requests go back to the old one,
 * which was not touched, and the `up` fails; the next `up` tries the program as it is then. An `up` that was cut is
 * brought to its end by the next one. Needs the edge of this package: a Bamboo heeds no weights.
 *
 * `BlueGreen` and `Canary` are releases with steps of their own.
 *
 * @example
 * new mesos.marathon.Release("shop", { app: { cmd, cpus: 0.1, mem: 64, instances: 2 }, acl: "path_beg /shop",
 *   steps: [10, 50], intervalSeconds: 60, maxErrorRate: 0.01 }, { provider: cluster.provider });
 */
export class Release extends pulumi.CustomResource {
  /** @internal */
  static readonly __pulumiType = resourceTokens.release;

  /** Path of the route. */
  declare readonly appId: pulumi.Output<string>;
  /** Path of the app that serves: the blue or the green one. */
  declare readonly liveAppId: pulumi.Output<string>;
  /** Shares of the requests by app, in percent. */
  declare readonly weights: pulumi.Output<Record<string, number>>;
  /** When the app that serves was changed last, as Marathon's version of it. */
  declare readonly version: pulumi.Output<string>;
  /** The tasks of the app that serves, after the last change or refresh. They change by themselves. */
  declare readonly tasks: pulumi.Output<AppTask[]>;
  /** The app that serves, in Marathon's web interface. */
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: ReleaseArgs, opts?: pulumi.CustomResourceOptions) {
    const { id, app, acl, config, steps, intervalSeconds, maxErrorRate, minRequests } =
      opts?.id === undefined ? args : nothing;
    const appId = opts?.id === undefined ? (id ?? `/${name}`) : undefined;
    const outputs = {
      liveAppId: undefined,
      weights: undefined,
      version: undefined,
      lastConfigChangeAt: undefined,
      servicePorts: undefined,
      deploymentId: undefined,
      tasks: undefined,
      url: undefined,
    };
    const inputs = { appId, app, acl, config, steps, intervalSeconds, maxErrorRate, minRequests };
    super(resourceTokens.release, name, { ...inputs, ...outputs }, pluginOptions(opts));
  }

  /** A release that exists already, by its path, to read its outputs; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Release {
    return new Release(name, { app: {}, acl: "" }, { ...opts, id });
  }

  /** Whether `value` is a Release, also one from another copy of this package. */
  static override isInstance(value: unknown): value is Release {
    return isOfType(value, Release.__pulumiType);
  }
}
