// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { resourceTokens } from "@pulumi-mesos/model";
import { pluginOptions } from "./plugin-options";

/** What a {@link Volume} is. */
export interface VolumeArgs {
  /** Identity on this machine, unique in the stack. @default the resource's name */
  readonly name?: string;
}

/** A directory that outlives the replacement of the process that uses it; deleting the volume deletes the data. */
export class Volume extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: VolumeArgs = {}, opts?: pulumi.CustomResourceOptions) {
    super(resourceTokens.volume, name, { name: args.name ?? name }, pluginOptions(opts));
  }
}
