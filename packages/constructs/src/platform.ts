// SPDX-License-Identifier: Apache-2.0

import type * as pulumi from "@pulumi/pulumi";
import type { Address, AgentPoolDeclaration, Service } from "@pulumi-mesos/model";

/** How long operations may take, as Pulumi's `customTimeouts` (which components ignore): `"5m"`. */
export interface Timeouts {
  /** @default per resource, 1 to 10 minutes */
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
}

/** What a cluster costs an hour: an estimate. */
export interface HourlyCost {
  /** Without traffic, requests and discounts. */
  readonly usd: number;
  /** When the prices were looked up. */
  readonly date: string;
  /** Types of machines of which there is no price; they are not in the sum. */
  readonly unpriced: readonly string[];
}

/** A `Service` whose environment and files may come from other resources or be secret. */
export type NodeService = Omit<Service, "env" | "files"> & {
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  readonly files: readonly {
    readonly path: string;
    readonly content: pulumi.Input<string>;
    /** Given where the text stands for bytes. */
    readonly encoding?: "base64";
    readonly mode?: string;
    readonly live?: boolean;
  }[];
};

/** One machine with an identity. */
export interface NodeArgs {
  readonly service: NodeService;
  readonly address: Address;
}

/** A node that a platform made. */
export interface Node {
  /** Changes when the node is replaced, not when it is restarted. */
  readonly incarnation: pulumi.Output<string>;
}

/** Interchangeable machines. */
export interface PoolArgs {
  /** Name of the agent group whose members these are. */
  readonly group: string;
  /** What each member runs; placeholders are filled in for each. */
  readonly service: NodeService;
  /** How many members there may be at most; membership itself is the group controller's. */
  readonly most: number;
  /** The argument of the group that says so. */
  readonly mostPath: string;
}

/** A pool that a platform prepared: the part of the declaration that says how the controller makes members. */
export type Pool = Pick<AgentPoolDeclaration, "template" | "backend">;

/**
 * Each address that a member of a pool may have, which one certificate names together; or the ranges that they lie in
 * (`10.0.0.0/19`), where they are too many to name: then the platform signs a certificate of its own for each member by what
 * stands in the file `tls/issuer.pem`, before the program starts.
 */
export type PoolAddresses = { readonly each: readonly string[] } | { readonly within: readonly string[] };

/** One stable URL in front of several nodes. */
export interface EndpointArgs {
  readonly addresses: readonly Address[];
  readonly port: number;
  /** @default "http" */
  readonly scheme?: "http" | "https";
  /** Whether the API speaks TLS that tells the nodes' health. @default false */
  readonly tls?: boolean;
}

/**
 * Where programs run. Constructs say what runs, a platform says how; one contract suite holds every platform to this.
 */
export interface Platform {
  /** The plugin instance without endpoints, which serves processes and gates. */
  readonly provider: pulumi.ProviderResource;
  /** Where an edge takes traffic: 8888 on this machine, 80 elsewhere. */
  readonly trafficPort: number;
  /** Where an edge takes HTTPS: 8443 on this machine, 443 elsewhere. */
  readonly httpsPort: number;
  /** Whether a cluster refuses strangers and speaks TLS unless its program says otherwise. */
  readonly closed: boolean;
  /**
   * Host names and addresses at which those outside find members beside their own, by an {@link endpoint} or by {@link via}:
   * certificates name them, too. @default none
   */
  readonly outerNames?: readonly string[];
  /** How long members and their gates may take, where the program does not say it. @default per resource */
  readonly timeouts?: Timeouts;
  /** How long agent groups may take, where the program does not say it. @default per resource */
  readonly groupTimeouts?: Timeouts;
  /** How the machine that runs Pulumi reaches addresses of this platform; said where they are of other machines. @default they are its own */
  readonly access?: string;
  /**
   * Addresses of members with an identity, known before anything starts, so that peers can name each other.
   * `addresses(n, 5)` begins with `addresses(n, 3)`; different names never overlap.
   */
  addresses(name: string, count: number): Address[];
  /**
   * `host:port` at which the machine that runs Pulumi reaches a port of a node, where not at the node's own address; nodes among
   * themselves keep theirs. Known before anything starts. @default at its own address
   */
  via?(address: Address, port: number): string | undefined;
  /** Which addresses members of a pool may have: for their certificates. */
  poolAddresses(name: string): PoolAddresses;
  /** One machine with an identity, supervised: a ZooKeeper server, a master, a Marathon, an edge. */
  node(name: string, args: NodeArgs, opts: pulumi.ComponentResourceOptions): Node;
  /** Interchangeable machines with the verbs of an auto-scaling group. */
  pool(name: string, args: PoolArgs, opts: pulumi.ComponentResourceOptions): Pool;
  /** One stable URL in front of several nodes. */
  endpoint(name: string, args: EndpointArgs, opts: pulumi.ComponentResourceOptions): pulumi.Output<string>;
  /** What everything that it has made so far costs an hour. @default nothing is known of it */
  hourlyCost?(): HourlyCost;
}
