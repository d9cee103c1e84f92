// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { resourceTokens } from "@pulumi-mesos/model";
import { isOfType } from "./is-of-type";
import { pluginOptions } from "./plugin-options";

/** What a {@link Service} routes. */
export interface ServiceArgs {
  /** Path of the Marathon app that gets the requests. */
  readonly appId: pulumi.Input<string>;
  /** HAProxy condition that chooses them, such as `path_beg /shop` or `hdr(host) -i shop.example`: one line. */
  readonly acl: pulumi.Input<string>;
  /** Values that Bamboo keeps beside the ACL. @default none */
  readonly config?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /**
   * Shares of the requests by app, whole numbers from 0 to 1000: `{ "/shop-blue": 90, "/shop-green": 10 }` sends one of
   * ten to green, however many tasks either has; 0 sends no new ones while another has tasks. `appId` is then the rule's
   * name alone. The edge heeds them at once, without a reload; a real Bamboo does not, so that they are refused there.
   *
   * @default all requests for `appId`
   */
  readonly weights?: pulumi.Input<Readonly<Record<string, pulumi.Input<number>>>>;
}

/** Inputs of a rule that is only read. */
const nothing: Partial<ServiceArgs> = {};

/**
 * One routing rule of the edge, or of a real Bamboo: requests that fit `acl` go to the tasks of `appId`.
 *
 * @example
 * new mesos.bamboo.Service("web", { appId: web.appId, acl: "path_beg /" }, { provider: cluster.provider });
 */
export class Service extends pulumi.CustomResource {
  /** @internal */
  static readonly __pulumiType = resourceTokens.bambooService;

  declare readonly appId: pulumi.Output<string>;
  declare readonly acl: pulumi.Output<string>;
  declare readonly config: pulumi.Output<Record<string, string> | undefined>;
  declare readonly weights: pulumi.Output<Record<string, number> | undefined>;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.CustomResourceOptions) {
    const { appId, acl, config, weights } = opts?.id === undefined ? args : nothing;
    super(resourceTokens.bambooService, name, { appId, acl, config, weights }, pluginOptions(opts));
  }

  /** A rule that exists already, by its app's path, to read it; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Service {
    return new Service(name, { appId: id, acl: "" }, { ...opts, id });
  }

  /** Whether `value` is a Service, also one from another copy of this package. */
  static override isInstance(value: unknown): value is Service {
    return isOfType(value, Service.__pulumiType);
  }
}
