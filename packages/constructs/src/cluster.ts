// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { deriveCredential } from "@pulumi-mesos/model";
import { AgentController } from "./agent-controller";
import { AgentGroup, type AgentGroupSpec, agentGroupRules } from "./agent-group";
import { BambooEdge, type BambooEdgeArgs, edgeRules } from "./bamboo-edge";
import { type Rule, validate } from "./invalid-args-error";
import { Marathon, type MarathonArgs, marathonRules } from "./marathon-servers";
import { Masters, type MastersArgs, masterRules } from "./masters";
import type { Platform, Timeouts } from "./platform";
import { Provider } from "./resources/provider";
import { ZooKeeper, type ZooKeeperArgs, zookeeperRules } from "./zookeeper";

type Wired = "platform" | "zookeeper" | "masters" | "marathon" | "timeouts" | "statsPassword";

/** Arguments of {@link Cluster}. */
export interface ClusterArgs {
  readonly platform: Platform;
  /** Every credential of the cluster derives from it; 32 random bytes or more. */
  readonly secret: pulumi.Input<string>;
  readonly zookeeper: Omit<ZooKeeperArgs, Wired>;
  readonly masters: Omit<MastersArgs, Wired>;
  /** Agent groups by name. @default none */
  readonly agents?: Readonly<Record<string, AgentGroupSpec>>;
  /** @default two instances */
  readonly marathon?: Omit<MarathonArgs, Wired>;
  /** @default two edges */
  readonly edge?: Omit<BambooEdgeArgs, Wired>;
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
  /** Knows the cluster's endpoints from the first preview on, and waits for all of it: pass it to apps and rules. */
  readonly provider: Provider;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:Cluster", name, {}, opts);
    validate(this, clusterRules(args));
    const { platform, timeouts } = args;
    const child = { parent: this };
    const statsPassword = credential(this, args.secret, `${name}/edge/stats`);
    const common = { platform, timeouts };
    const zookeeper = new ZooKeeper(`${name}-zookeeper`, { ...args.zookeeper, ...common }, child);
    const base = { ...common, zookeeper };
    const masters = new Masters(`${name}-masters`, { clusterName: name, ...args.masters, ...base }, child);
    const marathon = new Marathon(`${name}-marathon`, { ...args.marathon, ...base, masters }, child);
    const behind = { ...base, marathon };
    const edge = new BambooEdge(`${name}-edge`, { ...args.edge, ...behind, statsPassword }, child);
    const groups = { ...behind, masters, clusterName: name };
    const controller = new AgentController(`${name}-groups`, groups, child);
    const agents = mapValues(
      args.agents ?? {},
      (group, spec) =>
        new AgentGroup(`${name}-${group}`, { ...spec, controller, groupName: group, timeouts }, child),
    );
    this.zookeeper = zookeeper;
    this.masters = masters;
    this.marathon = marathon;
    this.edge = edge;
    this.agents = agents;
    const parts = [marathon, edge, controller, ...Object.values(agents)];
    this.provider = new Provider(
      `${name}-provider`,
      {
        marathonUrls: marathon.urls,
        bambooUrls: edge.apiUrls,
        ...(edge.apiToken !== undefined && { bambooToken: edge.apiToken }),
        mesosUrls: masters.urls,
        clusterInStack: true,
      },
      { parent: this, dependsOn: parts.flatMap((part) => part.ready) },
    );
    this.registerOutputs({ edgeUrl: edge.url, mesosUrl: masters.uiUrl, marathonUrl: marathon.url });
  }
}

/** What the parts of a cluster are refused for, all at once and before any of them is made. */
function clusterRules(args: ClusterArgs): Rule[] {
  return [
    ...(typeof args.secret === "string" ? [secretRule(args.secret)] : []),
    ...zookeeperRules(args.zookeeper),
    ...masterRules(args.masters),
    ...marathonRules(args.marathon ?? {}),
    ...edgeRules(args.edge ?? {}),
    ...Object.entries(args.agents ?? {}).flatMap(([group, spec]) => agentGroupRules(group, spec)),
  ];
}

const shortestSecret = 16;

/** What the cluster's secret derives to for a role; secret itself. */
function credential(cluster: Cluster, secret: pulumi.Input<string>, role: string): pulumi.Output<string> {
  const stack = { project: pulumi.getProject(), stack: pulumi.getStack() };
  return pulumi.secret(secret).apply((current) => {
    validate(cluster, [secretRule(current)]);
    return deriveCredential(current, stack, role);
  });
}

function secretRule(secret: unknown): Rule {
  const length = typeof secret === "string" ? secret.length : 0;
  const message = `must be a text of ${shortestSecret} characters or more, because every credential derives from it, got ${length}; make one by: openssl rand -base64 32`;
  return { path: "secret", when: length < shortestSecret, message };
}

function mapValues<A, B>(
  values: Readonly<Record<string, A>>,
  change: (key: string, value: A) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(key, value)]));
}
