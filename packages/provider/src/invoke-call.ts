// SPDX-License-Identifier: Apache-2.0
import { type InvokeRequest, InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { computed, hasComputed } from "@pulumi-mesos/model";
import { checkFailure } from "./check-failure";
import { findFunction } from "./lookup";
import { checkSchema } from "./plan-calls";
import { inContext, type Session } from "./session";
import { decode, encode } from "./wire";

/** Calls a function; with arguments that are not known yet nothing of its result is. */
export async function answerInvoke(
  session: Session,
  request: InvokeRequest,
  peer: AbortSignal,
): Promise<InvokeResponse> {
  const definition = await findFunction(request.getTok());
  const args = decode(request.getArgs());
  const { failures } = checkSchema(definition.inputs, args);
  if (failures.length > 0) {
    return new InvokeResponse().setFailuresList(failures.map((f) => checkFailure(f, args.secrets)));
  }
  const result = hasComputed(args.values)
    ? Object.fromEntries(Object.keys(definition.outputs.properties).map((name) => [name, computed]))
    : await inContext(session, { urn: "", timeoutSeconds: definition.timeoutSeconds, peer }, (context) =>
        definition.call(args.values, context),
      );
  return new InvokeResponse().setReturn(encode(result, args.secrets));
}
