// SPDX-License-Identifier: Apache-2.0
export { encodeRecord, RecordDecoder } from "./record-io";
