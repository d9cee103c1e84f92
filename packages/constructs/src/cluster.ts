// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { type AddressMap, type Frameworks, ports, userAndPassword } from "@pulumi-mesos/model";
import { AgentController, type AgentControllerArgs, agentControllerRules } from "./agent-controller";
import { AgentGroup, type AgentGroupSpec, agentGroupRules } from "./agent-group";
import { BambooEdge, type BambooEdgeArgs, edgePlaces, edgeRules } from "./bamboo-edge";
import { type CertificateAuthority, Certificates } from "./certificates";
import { Credentials, checkedSecret, secretRule } from "./credentials";
import { type Rule, validate } from "./invalid-args-error";
import { Marathon, type MarathonArgs, marathonPlaces, marathonRules } from "./marathon-servers";
import { Masters, type MastersArgs, masterRules } from "./masters";
import type { HourlyCost, Platform, Timeouts } from "./platform";
import { addressMapOf } from "./reach";
import { Provider, type ProviderArgs } from "./resources/provider";
import { ZooKeeper, type ZooKeeperArgs, zookeeperRules } from "./zookeeper";

type Wired =
  | "platform"
  | "zookeeper"
  | "masters"
  | "marathon"
  | "agents"
  | "timeouts"
  | "statsPassword"
  | "credentials"
  | "authorization"
  | "frameworks"
  | "tls";

/** How a cluster keeps strangers out. */
export interface ClusterSecurity {
  /**
   * Whether every program asks who one is, and knows its own by credentials that derive from the cluster's secret.
   * Chosen when a cluster is made: neither it nor the secret can change while it stands.
   *
   * @default what the platform says: clusters on a Docker host and on AWS are closed, this machine's are open
   */
  readonly authentication?: boolean;
  /**
   * Whether each principal may do at the masters only what it is for.
   *
   * @default as `authentication`
   */
  readonly authorization?: boolean;
  /**
   * Frameworks of one's own, by principal: with which roles each may register. `cluster.credentials.framework(principal)` has its secret.
   *
   * @example
   * frameworks: { "my-framework": { roles: ["batch"] } }
   * @default none but Marathon
   */
  readonly frameworks?: Frameworks;
  /**
   * Whether masters, agents, Marathon, the edge's API and the controller of agent groups speak nothing but TLS, by
   * certificates that derive from the cluster's secret, or that an authority of one's own signs. Neither it nor the authority
   * can change while the cluster stands.
   *
   * @default what the platform says, as for `authentication`
   * @example
   * security: { tls: { ca: { cert: root.certPem, key: rootKey.privateKeyPem } } } // of @pulumi/tls
   */
  readonly tls?: boolean | { readonly ca: CertificateAuthority };
}

/** Arguments of {@link Cluster}. */
export interface ClusterArgs {
  readonly platform: Platform;
  /** Every credential of the cluster derives from it; 32 random bytes or more. */
  readonly secret: pulumi.Input<string>;
  readonly zookeeper: Omit<ZooKeeperArgs, Wired>;
  readonly masters: Omit<MastersArgs, Wired>;
  /** Agent groups by name. @default none */
  readonly agents?: Readonly<Record<string, AgentGroupSpec>>;
  /**
   * The program that keeps the groups: one works, more of them wait for it to die.
   *
   * @default one
   */
  readonly agentController?: Pick<AgentControllerArgs, "size">;
  /** @default two instances */
  readonly marathon?: Omit<MarathonArgs, Wired>;
  /** @default two edges */
  readonly edge?: Omit<BambooEdgeArgs, Wired>;
  /** @default what the platform says: clusters on a Docker host and on AWS are closed and speak TLS, this machine's are open */
  readonly security?: ClusterSecurity;
  /** For every node and gate. */
  readonly timeouts?: Timeouts;
}

/**
 * A whole Mesos installation: ZooKeeper, masters, agent groups, Marathon and the edge, in one graph.
 *
 * @example
 * const cluster = new mesos.Cluster("demo", { platform: new mesos.LocalPlatform(), secret, zookeeper: { size: 3 },
 *   masters: { size: 3 }, agents: { web: { size: 2, resources: { cpus: 2, mem: 1024 } } } });
 */
export class Cluster extends pulumi.ComponentResource {
  readonly zookeeper: ZooKeeper;
  readonly masters: Masters;
  readonly marathon: Marathon;
  readonly agents: Readonly<Record<string, AgentGroup>>;
  readonly edge: BambooEdge;
  /** What opens its programs; nothing where everybody may do everything. */
  readonly credentials: Credentials | undefined;
  /**
   * Where connections to its masters, Marathons and edges go where this machine does not reach their addresses: for a
   * {@link Provider} of another stack that has their `urls`. Undefined where it reaches them.
   */
  readonly addressMap: AddressMap | undefined;
  /** By what its programs speak TLS; nothing where they do not. */
  readonly tls: Certificates | undefined;
  /** What it costs an hour, with everything that its platform made before it; undefined where nobody is paid by the hour. */
  readonly hourlyCost: HourlyCost | undefined;
  /** Knows the cluster's endpoints from the first preview on, and waits for all of it: pass it to apps and rules. */
  readonly provider: Provider;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:Cluster", name, {}, opts);
    validate(this, clusterRules(args));
    const { platform, timeouts } = args;
    const child = { parent: this };
    // Once for all that derives from it, so that it is refused once.
    const secret = checkedSecret(args.secret, this);
    const derived = new Credentials({ secret, cluster: name }, this);
    // A Bamboo's template says its own.
    const stats =
      args.edge?.controller === "bamboo" ? {} : { statsPassword: derived.password("edge", "stats") };
    const credentials = isClosed(args) ? derived : undefined;
    const tls = certificatesOf(name, { ...args, secret }, this);
    const common = { platform, timeouts, credentials };
    const zookeeper = new ZooKeeper(`${name}-zookeeper`, { ...args.zookeeper, ...common }, child);
    const base = { ...common, zookeeper, tls };
    const ofMasters = {
      clusterName: name,
      ...args.masters,
      ...base,
      authorization: args.security?.authorization,
      frameworks: args.security?.frameworks,
    };
    const masters = new Masters(`${name}-masters`, ofMasters, child);
    const places = marathonPlaces(platform, `${name}-marathon`, { ...args.marathon, tls });
    // Addresses are dealt out in the order of first use, which is not the order of parts: clusters that stand keep theirs.
    const edges = edgePlaces(platform, `${name}-edge`, { ...args.edge, credentials, tls });
    const groups = {
      ...args.agentController,
      ...base,
      ...{ masters, marathon: places, clusterName: name },
      // A Bamboo counts no requests.
      edges: args.edge?.controller === "bamboo" ? undefined : edges,
      authorization: args.security?.authorization,
    };
    const controller = new AgentController(`${name}-groups`, groups, child);
    const agents = mapValues(
      args.agents ?? {},
      (group, spec) =>
        new AgentGroup(`${name}-${group}`, { ...spec, controller, groupName: group, timeouts }, child),
    );
    const behind = { ...base, masters, agents: Object.values(agents) };
    const marathon = new Marathon(`${name}-marathon`, { ...args.marathon, ...behind }, child);
    const edge = new BambooEdge(`${name}-edge`, { ...args.edge, ...base, marathon, ...stats }, child);
    this.zookeeper = zookeeper;
    this.masters = masters;
    this.marathon = marathon;
    this.edge = edge;
    this.agents = agents;
    this.credentials = credentials;
    this.addressMap = addressMapOf(platform, [
      { addresses: masters.addresses, port: ports.master.http },
      { addresses: marathon.addresses, port: ports.marathon.http },
      { addresses: edge.addresses, port: ports.edge.api },
    ]);
    this.tls = tls;
    this.hourlyCost = platform.hourlyCost?.();
    const parts = [marathon, edge, controller, ...Object.values(agents)];
    this.provider = new Provider(
      `${name}-provider`,
      {
        marathonUrls: marathon.urls,
        bambooUrls: edge.apiUrls,
        ...(edge.apiToken !== undefined && { bambooToken: edge.apiToken }),
        mesosUrls: masters.urls,
        ...(this.addressMap !== undefined && { addressMap: this.addressMap }),
        ...(platform.access !== undefined && { access: platform.access }),
        zookeeper: zookeeper.via ?? zookeeper.connectionString,
        clusterName: name,
        clusterInStack: true,
        ...(credentials === undefined ? {} : providerAccess(credentials)),
        ...(tls === undefined ? {} : { marathonCa: tls.ca, bambooCa: tls.ca, mesosCa: tls.ca }),
      },
      { parent: this, dependsOn: parts.flatMap((part) => part.ready) },
    );
    this.registerOutputs({ edgeUrl: edge.url, mesosUrl: masters.uiUrl, marathonUrl: marathon.url });
  }
}

/** What the parts of a cluster are refused for, all at once and before any of them is made. */
function clusterRules(args: ClusterArgs): Rule[] {
  const closed = isClosed(args);
  const secure = isSecure(args);
  return [
    ...(typeof args.secret === "string" ? [secretRule(args.secret)] : []),
    ...zookeeperRules(args.zookeeper),
    ...masterRules({ ...args.masters, ...args.security }, closed),
    ...marathonRules(args.marathon ?? {}, closed, secure),
    ...edgeRules(args.edge ?? {}),
    ...agentControllerRules(args.agentController ?? {}),
    {
      path: "edge.controller",
      when: closed && args.edge?.controller === "bamboo",
      message:
        "a Bamboo can neither sign in to ZooKeeper nor ask for a token; use the edge of this project, or security: { authentication: false }",
    },
    {
      path: "edge.controller",
      when: secure && args.edge?.controller === "bamboo",
      message: "a Bamboo cannot speak TLS; use the edge of this project, or security: { tls: false }",
    },
    ...Object.entries(args.agents ?? {}).flatMap(([group, spec]) =>
      agentGroupRules(group, spec, closed, secure),
    ),
  ];
}

/** Whether strangers are refused. */
function isClosed({ security, platform }: ClusterArgs): boolean {
  return security?.authentication ?? platform.closed;
}

/** Whether its programs speak TLS. */
function isSecure({ security, platform }: ClusterArgs): boolean {
  return (security?.tls ?? platform.closed) !== false;
}

function certificatesOf(
  cluster: string,
  args: ClusterArgs,
  resource: pulumi.Resource,
): Certificates | undefined {
  const { secret, security } = args;
  if (!isSecure(args)) return undefined;
  const ca = typeof security?.tls === "object" ? { ca: security.tls.ca } : {};
  return new Certificates({ secret, cluster, ...ca }, resource);
}

function providerAccess(credentials: Credentials): ProviderArgs {
  const marathon = credentials.pair("marathon", "operator");
  const mesos = credentials.pair("mesos", "operator");
  return {
    marathonUser: pulumi.unsecret(marathon.user),
    marathonPassword: marathon.password,
    mesosUser: pulumi.unsecret(mesos.user),
    mesosPassword: mesos.password,
    zookeeperCredential: credentials.pair("zookeeper", "groups").apply(userAndPassword),
  };
}

function mapValues<A, B>(
  values: Readonly<Record<string, A>>,
  change: (key: string, value: A) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(key, value)]));
}
