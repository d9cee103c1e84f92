// SPDX-License-Identifier: Apache-2.0
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import { type Address, privateBlock, type Software, type StackName, stackLabels } from "@pulumi-mesos/model";
import {
  containers,
  type EndpointArgs,
  type HourlyCost,
  InvalidArgsError,
  lifted,
  madeWithoutStackTraces,
  type Node,
  type NodeArgs,
  type Platform,
  type Pool,
  type PoolAddresses,
  type PoolArgs,
  Provider,
  programIn,
  validate,
} from "pulumi-mesos";
import { Balancers } from "./balancers";
import { type Cidr, firstOf, formatCidr, parseCidr } from "./cidr";
import { FileBucket } from "./file-bucket";
import { agentStatements, controllerStatements, type Statement } from "./iam-policies";
import { checkedAmi } from "./machine-image";
import { isMember, type Machine, type MemberRole, usualAgents } from "./machines";
import { MemberAddresses } from "./member-addresses";
import { givenNetwork, type Network, ownNetwork } from "./network";
import { makeMember, rootGiB } from "./node";
import {
  type AwsPlatformArgs,
  isGiven,
  type MachineImage,
  machinesOf,
  platformFailures,
} from "./platform-args";
import { makePool } from "./pool";
import { partyOf, traffic } from "./port-table";
import { hourlyCost, listPrices } from "./prices";
import { type MachineRole, makeRole } from "./roles";
import { makeSecurityGroups, type SecurityGroups } from "./security-groups";
import { logGroupName, type Surroundings } from "./surroundings";

/**
 * AWS: every member is an instance with an address and a volume that outlive it, spread over zones, replaced one at a time
 * behind its gates. The machine where Pulumi runs reaches the private addresses as `access` says.
 *
 * @example
 * const platform = new AwsPlatform({ region: "eu-central-1", image: { ami: "ami-0123", architecture: "x86_64" },
 *   registry: "123456789012.dkr.ecr.eu-central-1.amazonaws.com", administrators: ["10.8.0.0/24"] });
 */
export class AwsPlatform implements Platform {
  readonly provider: pulumi.ProviderResource;
  readonly trafficPort = traffic.http;
  readonly httpsPort = traffic.https;
  readonly closed = true;
  readonly access: string;
  /** A machine boots, installs docker and pulls its image; a terminated one lets go of its interface and volume. */
  readonly timeouts = { create: "20m", update: "20m", delete: "20m" };
  /** A changed template goes from agent to agent, each of which takes minutes to come up and to drain. */
  readonly groupTimeouts = { create: "30m", update: "6h", delete: "2h" };
  readonly #args: AwsPlatformArgs;
  readonly #around: Surroundings;
  readonly #image: MachineImage;
  readonly #network: Network;
  readonly #addresses: MemberAddresses;
  readonly #machines: Readonly<Record<MemberRole, Machine>>;
  readonly #groups: SecurityGroups;
  readonly #zone: route53.Zone;
  readonly #logs: cloudwatch.LogGroup | undefined;
  readonly #balancers: Balancers;
  readonly #files: FileBucket;
  readonly #roles = new Map<Software, MachineRole>();
  readonly #instances = new Map<string, number>();
  #volumeGiB = 0;

  constructor(args: AwsPlatformArgs) {
    const { name = "platform", network = {}, region, edge = {} } = args;
    const stack = { project: pulumi.getProject(), stack: pulumi.getStack() };
    const own = isGiven(network)
      ? undefined
      : (network.cidr ?? `${privateBlock(stack.project, stack.stack)}.0.0/16`);
    const failures = platformFailures(args, own ?? "");
    if (failures.length > 0) throw new InvalidArgsError(undefined, failures);
    this.#args = args;
    this.#machines = machinesOf(args);
    this.access = args.access ?? "direct";
    const provider = args.provider ?? new AwsProvider(`${name}-aws`, { region });
    const ami = checkedAmi(args.image, { region, provider });
    const checked = { dependsOn: ami.apply(() => []) };
    this.#image = { ...args.image, ami };
    this.provider = new Provider(name, { access: this.access }, checked);
    this.#around = {
      name,
      stack,
      region,
      home: new pulumi.ComponentResource("mesos:aws:Platform", name, {}, checked),
      provider,
      checked,
      tags: { ...args.tags, ...stackLabels(stack) },
    };
    this.#network = isGiven(network)
      ? givenNetwork(network)
      : madeWithoutStackTraces(() => ownNetwork(this.#around, parseCidr(own ?? "") as Cidr, network));
    this.#addresses = new MemberAddresses(this.#network.privateSubnets);
    this.#groups = madeWithoutStackTraces(() =>
      makeSecurityGroups(this.#around, this.#network.vpcId, {
        administrators: args.administrators,
        clients: edge.clients ?? ["0.0.0.0/0"],
      }),
    );
    this.#zone = this.#makeZone();
    this.#logs = this.#makeLogs();
    this.#files = new FileBucket(this.#around, args.kmsKeyArn);
    this.#balancers = new Balancers(this.#around, this.#network, this.#groups, edge);
  }

  /** For agents of the user's own: with it they reach masters and ZooKeeper, and the edges reach their tasks. */
  get agentSecurityGroupId(): pulumi.Output<string> {
    return this.#groups["mesos-agent"];
  }

  addresses(name: string, count: number): Address[] {
    return lifted(undefined, () =>
      this.#addresses.places(name, count).map((place) => ({ name: place.name, host: place.host })),
    );
  }

  node(_name: string, { service, address }: NodeArgs, opts: pulumi.ComponentResourceOptions): Node {
    const place = lifted(undefined, () => this.#addresses.placeOf(address.host));
    const program = this.#program(service.software);
    const party = partyOf(service.software);
    if (!isMember(party))
      throw new InvalidArgsError(opts.parent, [
        { path: address.name, message: "is no member: agents are made by their controller" },
      ]);
    const machine = this.#machines[party];
    this.#count(machine.instanceType, 1, rootGiB + (service.data ? machine.dataGiB : 0));
    return makeMember(
      {
        around: this.#around,
        place,
        service,
        program,
        machine,
        image: this.#image,
        subnetId: this.#network.privateSubnets[place.subnet]?.id ?? "",
        securityGroupId: this.#groups[party],
        role: this.#role(service.software, program.image),
        names: this.#zone,
        kmsKeyArn: this.#args.kmsKeyArn,
        bucket: this.#files,
        logGroup: this.#logs?.name,
      },
      opts,
    );
  }

  pool(name: string, args: PoolArgs, opts: pulumi.ComponentResourceOptions): Pool {
    return madeWithoutStackTraces(() => this.#makePool(name, args, opts));
  }

  /** Too many to name; members with an identity have others, which no agent can be taken for. */
  poolAddresses(): PoolAddresses {
    const { privateSubnets } = this.#network;
    return { within: privateSubnets.flatMap((of) => firstOf(of.cidr, of.firstHost).map(formatCidr)) };
  }

  /** Of whichever load balancer the region has: AWS chooses its name when it is made. */
  get outerNames(): readonly string[] {
    return [`*.elb.${this.#around.region}.amazonaws.com`];
  }

  endpoint(name: string, args: EndpointArgs, opts: pulumi.ComponentResourceOptions): pulumi.Output<string> {
    return madeWithoutStackTraces(() => this.#balancers.endpoint(name, args, opts));
  }

  /**
   * What everything that this platform has made so far costs an hour: an estimate by `prices`, without traffic. Agents count at
   * their declared size, those of a group that sizes itself at the most, and at the on-demand price.
   */
  hourlyCost(): HourlyCost {
    const { natGateways } = this.#network;
    return hourlyCost(
      {
        instances: Object.fromEntries(this.#instances),
        volumeGiB: this.#volumeGiB,
        natGateways,
        balancers: this.#balancers.count,
        publicAddresses: natGateways + this.#balancers.publicAddresses,
      },
      this.#args.prices ?? listPrices,
    );
  }

  #makePool(
    name: string,
    { group, service, most, mostPath }: PoolArgs,
    opts: pulumi.ComponentResourceOptions,
  ): Pool {
    const { kmsKeyArn } = this.#args;
    const image = this.#image;
    const machines = { ...usualAgents(image.architecture), ...this.#args.agents?.[group] };
    const message = `must be ${machines.most} or less, which platform.agents.${group}.most says, got ${most}`;
    validate(opts.parent, [{ path: mostPath, when: most > machines.most, message }]);
    const program = this.#program(service.software);
    this.#count(machines.instanceTypes[0] ?? "", most, machines.diskGiB);
    return makePool(
      {
        around: this.#around,
        name,
        service,
        program,
        image,
        machines,
        subnetIds: this.#network.privateSubnets.map(({ id }) => id),
        securityGroupId: this.#groups["mesos-agent"],
        role: this.#role(service.software, program.image),
        kmsKeyArn,
        bucket: this.#files,
        logGroup: this.#logs?.name,
      },
      opts,
    );
  }

  #count(instanceType: string, machines: number, diskGiB: number): void {
    this.#instances.set(instanceType, (this.#instances.get(instanceType) ?? 0) + machines);
    this.#volumeGiB += machines * diskGiB;
  }

  #makeZone(): route53.Zone {
    const { name, stack, region, home, provider, tags } = this.#around;
    const domain = `${stack.stack}.${stack.project}.internal`.toLowerCase().replace(/[^a-z0-9.-]/g, "-");
    return new route53.Zone(
      `${name}-names`,
      {
        name: domain,
        comment: "pulumi-mesos",
        forceDestroy: false,
        vpcs: [{ vpcId: this.#network.vpcId, vpcRegion: region }],
        tags,
      },
      { parent: home, provider },
    );
  }

  #makeLogs(): cloudwatch.LogGroup | undefined {
    const { logs, kmsKeyArn } = this.#args;
    if (logs === undefined) return undefined;
    const { name, home, provider, tags } = this.#around;
    return new cloudwatch.LogGroup(
      `${name}-logs`,
      {
        name: logGroupName(this.#around),
        retentionInDays: logs.retentionDays,
        ...(kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn }),
        tags,
      },
      { parent: home, provider },
    );
  }

  #program(software: Software): containers.ContainerProgram {
    const { distribution = containers.simulator, registry } = this.#args;
    const program = programIn(distribution, software, '{ image: "bamboo:mine", command: ["bamboo"] }');
    return registry === undefined || hasRegistry(program.image)
      ? program
      : { ...program, image: `${registry}/${program.image}` };
  }

  #role(software: Software, image: string): MachineRole {
    const made = this.#roles.get(software);
    if (made !== undefined) return made;
    const { region, stack } = this.#around;
    const granted: Partial<Record<Software, (region: string, stack: StackName) => Statement[]>> = {
      groups: controllerStatements,
      "mesos-agent": agentStatements,
    };
    const more = granted[software]?.(region, stack) ?? [];
    const role = makeRole(this.#around, software, { image, more, logGroupArn: this.#logs?.arn });
    this.#roles.set(software, role);
    return role;
  }
}

/** As Docker reads names: what stands before the first slash is a host when it has a dot or a port. */
function hasRegistry(image: string): boolean {
  const [first, ...rest] = image.split("/");
  return rest.length > 0 && /[.:]|^localhost$/.test(first ?? "");
}
