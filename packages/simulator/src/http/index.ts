// SPDX-License-Identifier: Apache-2.0
export {
  basicAuthentication,
  type Credential,
  type Credentials,
  fileOnly,
  parseCredential,
  parseCredentials,
  principalOf,
  proofOf,
  proves,
} from "./authentication";
export { type Answer, postForRecords, postJson } from "./client";
export { type GuardedRequest, type Refusal, refusal } from "./guard";
export { type LibprocessTls, libprocessTls } from "./libprocess-tls";
export { addPageFiles, pageOf, sendFile } from "./pages";
export { createHttpServer, type HttpOptions } from "./server";
export { ResponseStream } from "./stream";
