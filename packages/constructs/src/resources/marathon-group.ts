// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type DeployedApp,
  type GroupApp,
  type GroupMember,
  type GroupResourceInputs,
  resourceTokens,
} from "@pulumi-mesos/model";
import { isOfType } from "./is-of-type";
import type { Lifted } from "./lifted";
import { pluginOptions } from "./plugin-options";

/**
 * A group in Marathon's own words, as PUT of its HTTP API takes it, and what becomes of its deployments. Every value,
 * at any depth, may be an Input. Paths inside are absolute or relative to the group that they stand in. Fields that
 * Marathon does not know are refused, at compile time and at preview.
 */
export interface GroupArgs extends Omit<Lifted<GroupResourceInputs>, "groupId"> {
  /** Path of the group, absolute or relative to the root. @default "/" and the resource's name */
  readonly id?: pulumi.Input<string>;
  /** All apps directly in the group. @default what is there is left to others */
  readonly apps?: pulumi.Input<readonly pulumi.Input<Lifted<GroupApp>>[]>;
  /** All groups directly in this one, with all that is in them. @default what is there is left to others */
  readonly groups?: pulumi.Input<readonly pulumi.Input<Lifted<GroupMember>>[]>;
  /** A set of apps and groups that are deployed before what is in this group. @default none */
  readonly dependencies?: pulumi.Input<readonly pulumi.Input<string>[]>;
  /**
   * Whether the name of this top-level group is the role of its apps and pods (Marathon 1.9).
   * @default what the group says already, for a new one the server's `--new_group_enforce_role`
   */
  readonly enforceRole?: pulumi.Input<boolean>;
  /** Whether `instances` of the apps are kept as given; false leaves them to others, such as an autoscaler, once an app is made. @default true */
  readonly manageInstances?: pulumi.Input<boolean>;
  /**
   * What happens to a deployment that is not done in time (`customTimeouts`, 10 minutes otherwise) or can never be
   * done: `rollback` goes back to what was before, `cancel` ends it and leaves the tasks as they are, `leave` leaves it
   * running. @default "leave"
   */
  readonly onTimeout?: pulumi.Input<"rollback" | "cancel" | "leave">;
  /**
   * Whether a change overwrites what others changed since the last refresh, ends apps and pods that the program has
   * never named, and cancels deployments that lock the group.
   * @default false: such changes are refused, and such deployments are waited for, but for its own of an earlier run
   */
  readonly force?: pulumi.Input<boolean>;
}

/**
 * A group of Marathon with its apps and the groups in it, deployed as one in the order of their dependencies and waited
 * for until every app is healthy.
 *
 * The lists `apps` and `groups` are whole: what leaves them is ended, and what others put there is never ended without
 * `force`, but refused with its name. A list that is left out is left to others, such as {@link App} resources of the
 * same group, which then `dependsOn` it so that they end first. `pulumi preview` says which apps come, go, scale and
 * restart, and the steps that Marathon would take; a changed `id` makes another group.
 *
 * @example
 * new mesos.marathon.Group("shop", {
 *   apps: [{ id: "web", cmd: "./web", dependencies: ["back"] }],
 *   groups: [{ id: "back", apps: [{ id: "db", cmd: "./db" }] }],
 * }, { provider: cluster.provider });
 */
export class Group extends pulumi.CustomResource {
  /** @internal */
  static readonly __pulumiType = resourceTokens.group;

  /** The group's path, such as `/shop`. */
  declare readonly groupId: pulumi.Output<string>;
  /** When anything below the group was changed last, as Marathon's version of it. */
  declare readonly version: pulumi.Output<string>;
  /** The deployment of the last change. */
  declare readonly deploymentId: pulumi.Output<string>;
  /** The apps that the program names, at any depth, with their service ports, tasks and addresses, in the order of their paths. */
  declare readonly deployedApps: pulumi.Output<DeployedApp[]>;
  /** Paths of the apps that the program has named or that were imported: these end when they leave the program. */
  declare readonly managed: pulumi.Output<string[]>;

  constructor(name: string, args: GroupArgs, opts?: pulumi.CustomResourceOptions) {
    const { id, ...document } = args;
    const inputs =
      opts?.id === undefined ? { ...document, groupId: id ?? `/${name}` } : { groupId: undefined };
    const outputs = {
      version: undefined,
      deploymentId: undefined,
      deployedApps: undefined,
      managed: undefined,
    };
    super(resourceTokens.group, name, { ...inputs, ...outputs }, pluginOptions(opts));
  }

  /** A group that exists already, by its path, to read its outputs; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Group {
    return new Group(name, {}, { ...opts, id });
  }

  /** Whether `value` is a Group, also one from another copy of this package. */
  static override isInstance(value: unknown): value is Group {
    return isOfType(value, Group.__pulumiType);
  }
}
