// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { resourceTokens } from "@pulumi-mesos/model";
import { isOfType } from "./is-of-type";
import { pluginOptions } from "./plugin-options";

/** Amounts of scalar resources in Mesos's units: memory and disk in MiB. Any other scalar may stand beside these. */
export interface QuotaAmounts {
  readonly cpus?: pulumi.Input<number>;
  readonly mem?: pulumi.Input<number>;
  readonly disk?: pulumi.Input<number>;
  readonly gpus?: pulumi.Input<number>;
  readonly [resource: string]: pulumi.Input<number> | undefined;
}

/** What a {@link Quota} says. */
export interface QuotaArgs {
  /** The role; Mesos keeps no quota of nested roles (`a/b`). A changed role makes another quota. */
  readonly role: pulumi.Input<string>;
  /** What is kept free for the role, never more than its limits. @default nothing */
  readonly guarantees?: pulumi.Input<QuotaAmounts>;
  /** What the role may have at most; what is not named is not limited. @default no limit */
  readonly limits?: pulumi.Input<QuotaAmounts>;
  /**
   * Whether it is set also when the role has more already, or the cluster has less than all guarantees. Nothing that
   * runs is ended.
   *
   * @default false: then it is refused
   */
  readonly force?: pulumi.Input<boolean>;
}

/** Inputs of a quota that is only read. */
const nothing: Partial<QuotaArgs> = {};

/**
 * What a role of Mesos is guaranteed and limited to; needs Mesos 1.9. Another quota that the role has already is not
 * overwritten, and deleting it leaves the role without.
 *
 * @example
 * new mesos.Quota("batch", { role: "batch", limits: { cpus: 8, mem: 16384 } }, { provider: cluster.provider });
 */
export class Quota extends pulumi.CustomResource {
  /** @internal */
  static readonly __pulumiType = resourceTokens.quota;

  declare readonly role: pulumi.Output<string>;
  declare readonly guarantees: pulumi.Output<Record<string, number> | undefined>;
  declare readonly limits: pulumi.Output<Record<string, number> | undefined>;

  constructor(name: string, args: QuotaArgs, opts?: pulumi.CustomResourceOptions) {
    const { role, guarantees, limits, force } = opts?.id === undefined ? args : nothing;
    super(resourceTokens.quota, name, { role, guarantees, limits, force }, pluginOptions(opts));
  }

  /** A quota that exists already, by its role, to read it; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Quota {
    return new Quota(name, { role: id }, { ...opts, id });
  }

  /** Whether `value` is a Quota, also one from another copy of this package. */
  static override isInstance(value: unknown): value is Quota {
    return isOfType(value, Quota.__pulumiType);
  }
}
