// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { packageVersion, pluginDownloadURL } from "@pulumi-mesos/model";

/** The caller's options with the plugin's version and origin, which every resource of the package names. */
export function pluginOptions<T extends pulumi.CustomResourceOptions>(opts: T | undefined): T {
  return pulumi.mergeOptions({ version: packageVersion, pluginDownloadURL }, opts) as T;
}
