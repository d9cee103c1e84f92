// SPDX-License-Identifier: Apache-2.0
import { Metadata, status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { InitFailedError } from "./init-failed";
import { ServiceFailure } from "./service-failure";

/** What the engine keeps of a resource that was made but is not as asked for. */
export interface Kept {
  readonly inputs: Struct;
  readonly properties: Struct;
  readonly refreshBeforeUpdate: boolean;
}

/** A gRPC error that carries the resource's state; its code must be UNKNOWN, as the engine wants it. */
export function initFailedStatus(error: InitFailedError, kept: Kept): ServiceFailure {
  const { id, reasons } = error.initFailed;
  const detail = new ErrorResourceInitFailed()
    .setId(id)
    .setProperties(kept.properties)
    .setInputs(kept.inputs)
    .setReasonsList([...reasons])
    .setRefreshBeforeUpdate(kept.refreshBeforeUpdate);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rpcStatus = new Status().setCode(status.UNKNOWN).setMessage(error.message).setDetailsList([any]);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(rpcStatus.serializeBinary()));
  return new ServiceFailure(status.UNKNOWN, error.message, metadata);
}
