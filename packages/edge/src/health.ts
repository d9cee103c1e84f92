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
  /** Null without certificates to look for. */
  readonly https: {
    /** Whether HAProxy listens there. */
    readonly open: boolean;
    /** Those that are served, by the file that they came from. */
    readonly certificates: Readonly<
      Record<
        string,
        {
          /** Hosts that it is for. */
          readonly names: readonly string[];
          /** ISO 8601. */
          readonly notAfter: string;
          /** SHA-256. */
          readonly fingerprint: string;
        }
      >
    >;
  } | null;
  /** Apps, rules, tasks and files of certificates that are left out, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
}
