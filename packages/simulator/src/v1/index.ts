// SPDX-License-Identifier: Apache-2.0
export { type AgentMedia, agentMedia } from "./agent-media";
export { decode, encode, strayFields, type V1Format } from "./codec";
export {
  acceptsMediaType,
  addV1Endpoint,
  answerFormat,
  isRefusal,
  mediaType,
  readCall,
  record,
  refuseMethod,
  sendRefusal,
  type V1Refusal,
} from "./http";
export type { Json } from "./json";
export { enumNames, hasField, type V1Type } from "./schema";
