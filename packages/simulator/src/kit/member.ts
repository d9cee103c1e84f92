// SPDX-License-Identifier: Apache-2.0

export type MemberKind = "master" | "agent" | "marathon";

/** One master, agent or Marathon of a cluster. */
export interface Member {
  /** `master-1`, `agent-2`, `marathon-1`. */
  readonly name: string;
  readonly kind: MemberKind;
  /** host:port; stays the same over restarts. */
  readonly address: string;
  readonly url: string;
  readonly state: "running" | "paused" | "stopped";
  /** The process id of a member that is a program and runs. */
  readonly pid?: number;
}

/** A member as the cluster handles it, however it runs. */
export interface Runner extends Member {
  /** Starts it, on its former address when it had one; resolves when it listens. */
  start(): Promise<void>;
  /** Without a farewell, as kill -9. */
  kill(): Promise<void>;
  /** As SIGTERM. */
  stop(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Forgets what it kept on disk; while it does not run. */
  wipe(): Promise<void>;
  /** Whether this master leads and has recovered. */
  leads(): Promise<boolean>;
  /** Whether this master's replica of the registry may vote: before that the ensemble cannot do without another. */
  votes(): Promise<boolean>;
  /** How many agents are registered with this leading master. */
  agents(): Promise<number>;
  /** Whether this Marathon leads and is registered with a master. */
  subscribed(): Promise<boolean>;
}
