// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type EnsembleInputs,
  functionTokens,
  type GetEnsembleInputs,
  type GetEnsembleResult,
  type LeaveInputs,
  messageOf,
  packageVersion,
  pluginDownloadURL,
  type ReadyInputs,
  resourceTokens,
  type ZooKeeperRoot,
} from "@pulumi-mesos/model";
import { OneLineError } from "../one-line-error";
import { pluginOptions } from "./plugin-options";

type Accessed<T> = Omit<T, "authorization" | "ca"> & {
  readonly authorization?: pulumi.Input<string>;
  readonly ca?: pulumi.Input<string>;
};
type Rooted<T> = Omit<T, "root"> & { readonly root?: pulumi.Input<ZooKeeperRoot> };
type Incarnated<T> = Accessed<Omit<T, "incarnation">> & { readonly incarnation: pulumi.Input<string> };
type Fingerprinted<T> = Omit<T, "fingerprint"> & { readonly fingerprint?: pulumi.Input<string> };

/** The declared size of an ensemble: every change is checked against what stands before anything is touched. */
export class Ensemble extends pulumi.CustomResource {
  /** How many members, the first, it began with; undefined where the state does not say so. */
  declare readonly founders: pulumi.Output<number | undefined>;

  constructor(
    name: string,
    args: Fingerprinted<Accessed<EnsembleInputs>>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(resourceTokens.ensemble, name, { ...args, founders: undefined }, pluginOptions(opts));
  }
}

/** Waits until a member that was just made is part of its ensemble. */
export class Ready extends pulumi.CustomResource {
  constructor(name: string, args: Rooted<Incarnated<ReadyInputs>>, opts?: pulumi.CustomResourceOptions) {
    super(resourceTokens.ready, name, args, pluginOptions(opts));
  }
}

/** Refuses to let a member go unless a quorum survives without it; deleted before its node. */
export class Leave extends pulumi.CustomResource {
  constructor(name: string, args: Incarnated<LeaveInputs>, opts?: pulumi.CustomResourceOptions) {
    super(resourceTokens.leave, name, args, pluginOptions(opts));
  }
}

/**
 * Asks every member of an ensemble for its state, and in which order they should be changed. What goes wrong is printed
 * as one line on the parent.
 */
export function getEnsemble(
  args: Accessed<GetEnsembleInputs>,
  opts: pulumi.InvokeOptions,
): pulumi.Output<GetEnsembleResult> {
  const options = { version: packageVersion, pluginDownloadURL, ...opts };
  const answer = pulumi.runtime.invoke(
    functionTokens.getEnsemble,
    args,
    options,
  ) as Promise<GetEnsembleResult>;
  return pulumi.output(answer.catch((error: unknown) => failed(error, opts.parent)));
}

/**
 * An engine that has refused another resource closes its plugins first and the program's monitor a moment later. A call in
 * between fails in words that would stand beside the refusal as a fault of its own; the SDK is told what it is told when
 * the monitor is gone, and nothing is made with the answer that never came.
 */
function failed(error: unknown, parent: pulumi.Resource | undefined): Promise<never> {
  // Of an argument, which is reported where it comes from; the same error is printed once.
  if (pulumi.ResourceError.isInstance(error)) throw error;
  const message = messageOf(error);
  if (message.includes("the client connection is closing")) {
    pulumi.runtime.terminateRpcs();
    return new Promise(() => {});
  }
  throw new OneLineError(message, parent);
}
