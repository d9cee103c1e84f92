// SPDX-License-Identifier: Apache-2.0
export type { Connect, Coordination } from "./coordination";
export {
  type CreateMode,
  type NodeData,
  type SessionOptions,
  type SessionState,
  ZooKeeperSession,
} from "./session";
export { parseZkUrl, type ZkUrl } from "./url";
