// SPDX-License-Identifier: Apache-2.0
import type { Metadata, status } from "@grpc/grpc-js";
import { MesosError } from "@pulumi-mesos/model";

/** An error that is in gRPC's form already. */
export class ServiceFailure extends MesosError {
  readonly status: status;
  readonly metadata: Metadata;

  constructor(code: status, details: string, metadata: Metadata) {
    super("MESOS_PLUGIN_INIT_FAILED", details);
    this.status = code;
    this.metadata = metadata;
  }
}
