// SPDX-License-Identifier: Apache-2.0
import * as lb from "@pulumi/aws/lb";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import { ports } from "@pulumi-mesos/model";
import { type EndpointArgs, validate } from "pulumi-mesos";
import type { Network } from "./network";
import type { EdgeAccess } from "./platform-args";
import { traffic } from "./port-table";
import type { SecurityGroups } from "./security-groups";
import { named, type Surroundings, shared } from "./surroundings";

type Side = "internal" | "public";

/** AWS adds what makes a name unique; it takes six letters before it. */
const namePrefix = "mesos-";
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/**
 * Two network load balancers at most, each made when it is first needed: the internal one for the UIs and APIs of masters and
 * Marathon, the public one for the edges. Agents, masters and Marathons call each other directly.
 */
export class Balancers {
  readonly #around: Surroundings;
  readonly #network: Network;
  readonly #groups: SecurityGroups;
  readonly #edge: EdgeAccess;
  readonly #made = new Map<Side, lb.LoadBalancer>();
  readonly #taken = new Map<string, string>();

  constructor(around: Surroundings, network: Network, groups: SecurityGroups, edge: EdgeAccess) {
    this.#around = around;
    this.#network = network;
    this.#groups = groups;
    this.#edge = edge;
  }

  get count(): number {
    return this.#made.size;
  }

  /** Addresses that the public one has: one a zone. */
  get publicAddresses(): number {
    return this.#made.has("public") ? this.#network.publicSubnetIds.length : 0;
  }

  /** A URL of one of them that leads to all `addresses`. */
  endpoint(name: string, args: EndpointArgs, opts: pulumi.ComponentResourceOptions): pulumi.Output<string> {
    const { port, scheme = "http" } = args;
    const side: Side = port === traffic.http || port === traffic.https ? "public" : "internal";
    this.#take(name, side, port, opts.parent);
    const balancer = this.#balancer(side);
    const options = { ...opts, provider: this.#around.provider };
    const targets = this.#targets(name, side, args, options);
    const action = { type: "forward", targetGroupArn: targets.arn };
    const listener = { loadBalancerArn: balancer.arn, defaultActions: [action] };
    new lb.Listener(name, { ...listener, port, protocol: "TCP", tags: this.#around.tags }, options);
    if (side === "internal") return pulumi.interpolate`${scheme}://${balancer.dnsName}:${port}`;
    const { certificateArn, domain } = this.#edge;
    const host = domain === undefined ? balancer.dnsName : pulumi.output(domain.name);
    if (port !== traffic.http || certificateArn === undefined) return pulumi.interpolate`${scheme}://${host}`;
    this.#take(name, side, traffic.https, opts.parent);
    const tls = { protocol: "TLS", port: traffic.https, certificateArn, sslPolicy: tlsPolicy };
    new lb.Listener(`${name}-tls`, { ...listener, ...tls, tags: this.#around.tags }, options);
    return pulumi.interpolate`https://${host}`;
  }

  #take(name: string, side: Side, port: number, parent: pulumi.Resource | undefined): void {
    const key = `${side} ${port}`;
    const holder = this.#taken.get(key);
    validate(parent, [
      {
        path: name,
        when: holder !== undefined,
        message: `wants port ${port} of the ${side} load balancer, which ${holder} has; give one of them a platform of its own${port === traffic.https ? ", or leave out either edge.certificateArn or the edge's certificates" : ""}`,
      },
    ]);
    this.#taken.set(key, name);
  }

  #balancer(side: Side): lb.LoadBalancer {
    const made = this.#made.get(side);
    if (made !== undefined) return made;
    const own = `${this.#around.name}-${side}`;
    const { privateSubnets, publicSubnetIds } = this.#network;
    const balancer = new lb.LoadBalancer(
      own,
      {
        namePrefix,
        loadBalancerType: "network",
        internal: side === "internal",
        subnets: side === "internal" ? privateSubnets.map(({ id }) => id) : [...publicSubnetIds],
        securityGroups: [this.#groups[`${side}-balancer`]],
        enableCrossZoneLoadBalancing: true,
        tags: named(this.#around, own),
      },
      shared(this.#around),
    );
    this.#made.set(side, balancer);
    if (side === "public") this.#nameIt(balancer);
    return balancer;
  }

  #nameIt(balancer: lb.LoadBalancer): void {
    const { domain } = this.#edge;
    if (domain === undefined) return;
    new route53.Record(
      `${this.#around.name}-public`,
      {
        zoneId: domain.zoneId,
        name: domain.name,
        type: "A",
        aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: true }],
      },
      shared(this.#around),
    );
  }

  #targets(
    name: string,
    side: Side,
    { addresses, port, tls = false }: EndpointArgs,
    options: pulumi.CustomResourceOptions,
  ): lb.TargetGroup {
    const protocol = tls ? "HTTPS" : "HTTP";
    const edgeCheck = { protocol, port: String(ports.edge.api), path: "/status", matcher: "200" };
    const group = new lb.TargetGroup(
      name,
      {
        namePrefix,
        vpcId: this.#network.vpcId,
        port,
        protocol: "TCP",
        targetType: "ip",
        // HAProxy tells apps who called.
        preserveClientIp: String(side === "public"),
        deregistrationDelay: 30,
        healthCheck: side === "public" ? edgeCheck : { protocol: "TCP" },
        tags: named(this.#around, name),
      },
      options,
    );
    for (const { name: member, host } of addresses)
      new lb.TargetGroupAttachment(
        `${name}-${member}`,
        { targetGroupArn: group.arn, targetId: host, port },
        options,
      );
    return group;
  }
}
