// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { type PodInstanceInfo, type PodResourceInputs, resourceTokens } from "@pulumi-mesos/model";
import { isOfType } from "./is-of-type";
import type { Lifted } from "./lifted";
import { pluginOptions } from "./plugin-options";

/**
 * A pod in Marathon's own words and units, as its HTTP API takes it, and what becomes of its deployments. Every value,
 * at any depth, may be an Input. Fields that Marathon does not know are refused, at compile time and at preview.
 */
export interface PodArgs extends Omit<Lifted<PodResourceInputs>, "podId"> {
  /** Path of the pod, absolute or relative to the root. @default "/" and the resource's name */
  readonly id?: pulumi.Input<string>;
}

/**
 * A Marathon pod: containers that run together on one agent, waited for until all its instances are stable.
 *
 * A change of `scaling.instances` alone scales; a changed `id` makes another pod.
 *
 * @example
 * new mesos.marathon.Pod("web", {
 *   containers: [{ name: "main", resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: "sleep 1000" } } }],
 *   scaling: { kind: "fixed", instances: 2 },
 * }, { provider: cluster.provider });
 */
export class Pod extends pulumi.CustomResource {
  /** @internal */
  static readonly __pulumiType = resourceTokens.pod;

  /** The pod's path, such as `/web`. */
  declare readonly podId: pulumi.Output<string>;
  /** When the pod was changed last, as Marathon's version of it. */
  declare readonly version: pulumi.Output<string>;
  /** The deployment of the last write. */
  declare readonly deploymentId: pulumi.Output<string>;
  /** The instances after the last change or refresh, with hosts and ports. */
  declare readonly instances: pulumi.Output<PodInstanceInfo[]>;

  constructor(name: string, args: PodArgs, opts?: pulumi.CustomResourceOptions) {
    const { id, ...document } = args;
    const inputs = opts?.id === undefined ? { ...document, podId: id ?? `/${name}` } : { podId: undefined };
    const outputs = { version: undefined, deploymentId: undefined, instances: undefined };
    super(resourceTokens.pod, name, { ...inputs, ...outputs }, pluginOptions(opts));
  }

  /** A pod that exists already, by its path, to read its outputs; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Pod {
    return new Pod(name, { containers: [] }, { ...opts, id });
  }

  /** Whether `value` is a Pod, also one from another copy of this package. */
  static override isInstance(value: unknown): value is Pod {
    return isOfType(value, Pod.__pulumiType);
  }
}
