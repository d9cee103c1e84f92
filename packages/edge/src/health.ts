// SPDX-License-Identifier: Apache-2.0

/** What `GET /api/health` tells. */
export interface EdgeHealth {
  /** HAProxy runs with what Marathon and ZooKeeper last said. */
  readonly serving: boolean;
  readonly marathon: {
    /** Since the last good answer; null before the first. */
    readonly ageSeconds: number | null;
    readonly apps: number;
    /** A list that lacks most apps is doubted: nothing is removed yet. */
    readonly holding: boolean;
    readonly problem: string | null;
  };
  readonly zookeeper: {
    readonly connected: boolean;
    readonly rules: number;
    /** Nodes that hold no rule that we understand. */
    readonly unreadable: readonly string[];
    readonly problem: string | null;
  };
  readonly haproxy: {
    /** Of the master. */
    readonly pid: number | null;
    readonly alive: boolean;
    /** By this controller. */
    readonly reloads: number;
    /** Changes with whatever HAProxy routes; equal on edges that route alike. */
    readonly config: string | null;
    readonly problem: string | null;
  };
  /** Apps, rules and tasks that are left out, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
}
