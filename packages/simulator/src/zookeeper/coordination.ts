// SPDX-License-Identifier: Apache-2.0
import type { CreateMode, NodeData, SessionOptions, SessionState } from "./session";

/** What the programs ask of a ZooKeeper session; {@link ZooKeeperSession} has the rules that every other one keeps too. */
export interface Coordination {
  readonly state: SessionState;
  readonly timeoutMs: number;
  onState(listener: (state: SessionState) => void): () => void;
  get(path: string, onChange?: () => void): Promise<NodeData | undefined>;
  children(path: string, onChange?: () => void): Promise<string[]>;
  exists(path: string, onChange?: () => void): Promise<boolean>;
  create(path: string, data: Buffer | string, mode: CreateMode): Promise<string>;
  makePath(path: string): Promise<void>;
  set(path: string, data: Buffer | string, version?: number): Promise<number>;
  put(path: string, data: Buffer | string): Promise<void>;
  remove(path: string, version?: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes a session, as long as `signal` allows. */
export type Connect = (options: SessionOptions, signal: AbortSignal) => Promise<Coordination>;
