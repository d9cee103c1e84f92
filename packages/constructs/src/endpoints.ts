// SPDX-License-Identifier: Apache-2.0

import type * as pulumi from "@pulumi/pulumi";
import type { Address } from "@pulumi-mesos/model";

/** A ZooKeeper ensemble, made here or existing: what masters, Marathon, edge and groups need of it. */
export interface ZooKeeperEndpoints {
  /** `host:port,host:port`. */
  readonly connectionString: string;
  /** The same as the machine that runs Pulumi reaches it. @default `connectionString` */
  readonly via?: string;
  /** What must stand before the ensemble can be used; empty for an existing one. */
  readonly ready: readonly pulumi.Resource[];
}

/** Mesos masters, made here or existing. */
export interface MasterEndpoints {
  /** `zk://host:port,host:port/mesos`, by which agents and schedulers find the leader. */
  readonly zk: string;
  /** Every master with its address; port 5050. */
  readonly addresses: readonly Address[];
  readonly ready: readonly pulumi.Resource[];
}

/** Where Marathons are or will be: known before any of them is made. */
export interface MarathonPlaces {
  /** `http://host:port` of every instance. */
  readonly urls: readonly string[];
  /** As which framework the masters know it. @default "marathon" */
  readonly frameworkName?: string;
}

/** Where edges are or will be, whose counts of requests the controller follows: known before any of them is made. */
export interface EdgePlaces {
  /** `http://host:port` of every edge's API. */
  readonly apiUrls: readonly string[];
  /** What the API asks for. @default it asks for nothing */
  readonly apiToken?: pulumi.Input<string>;
}

/** Marathons, made here or existing. */
export interface MarathonEndpoints extends MarathonPlaces {
  readonly ready: readonly pulumi.Resource[];
}

/** Agents, made here or existing. */
export interface AgentEndpoints {
  readonly ready: readonly pulumi.Resource[];
}
