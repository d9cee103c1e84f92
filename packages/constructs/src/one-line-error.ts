// SPDX-License-Identifier: Apache-2.0
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/** What a program cannot go on with. Pulumi prints it as one line on the resource, without a stack. */
export class OneLineError extends pulumi.ResourceError {
  constructor(message: string, resource: pulumi.Resource | undefined) {
    super(message, resource, true);
  }

  /**
   * Pulumi also puts each error that nobody caught into words for its trace: by default with the resource and everything
   * that hangs on it, which takes seconds where a program has made a cluster.
   */
  [inspect.custom](): string {
    return this.stack ?? this.message;
  }
}
