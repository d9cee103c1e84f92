// SPDX-License-Identifier: Apache-2.0
import type { handleUnaryCall } from "@grpc/grpc-js";

/** A gRPC handler from an async function; `peer` is aborted when the caller goes away. */
export function unary<Q, A>(answer: (request: Q, peer: AbortSignal) => Promise<A>): handleUnaryCall<Q, A> {
  return (call, callback) => {
    const peer = new AbortController();
    call.on("cancelled", () => peer.abort(new DOMException("the engine went away", "AbortError")));
    answer(call.request, peer.signal).then(
      (response) => callback(null, response),
      async (error: unknown) => {
        const { asServiceError } = await import("./status.js");
        callback(asServiceError(error));
      },
    );
  };
}
