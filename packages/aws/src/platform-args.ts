// SPDX-License-Identifier: Apache-2.0
import type * as pulumi from "@pulumi/pulumi";
import { accessFault, type Failure, shownUrl } from "@pulumi-mesos/model";
import type { containers } from "pulumi-mesos";
import { parseCidr } from "./cidr";
import {
  type AgentMachines,
  type Architecture,
  agentFailures,
  type Machine,
  type MemberRole,
  machineFailures,
  usualMachines,
} from "./machines";
import { type GivenSubnet, givenNetworkFailures, ownNetworkFailures } from "./network-plan";
import type { PriceTable } from "./prices";

/** A network that the platform makes. */
export interface OwnNetwork {
  /** A /16 to a /22 of private addresses. @default a /16 of 10.0.0.0/8 that follows from project and stack */
  readonly cidr?: string;
  /** One to three zones, over which members are spread. @default a, b and c of the region */
  readonly zones?: readonly string[];
  /**
   * How machines without a public address reach the internet: by one gateway, by one in each zone, which outlives the loss of
   * any other, or not at all, where images and packages come by endpoints of your own.
   *
   * @default "one"
   */
  readonly nat?: "one" | "zone" | "none";
}

/** A network that exists. */
export interface GivenNetwork {
  readonly vpcId: pulumi.Input<string>;
  /** Where members live. */
  readonly privateSubnets: readonly GivenSubnet[];
  /** Where the load balancer in front of the edges has its addresses, one subnet a zone. */
  readonly publicSubnets: readonly string[];
  /** Over how many zones members are spread. @default 3 */
  readonly spread?: 1 | 2 | 3;
}

/** A mirror of Debian or Ubuntu, as URLs. */
export interface AptMirror {
  readonly primary: string;
  /** That of security updates. @default `primary`, which has them for Ubuntu, not for Debian */
  readonly security?: string;
}

/** The operating system of every machine: it needs systemd 244 or later and cloud-init. */
export interface MachineImage {
  /** A fixed one: the latest would replace every machine whenever there is another. */
  readonly ami: pulumi.Input<string>;
  readonly architecture: Architecture;
  /** Packages that bring `docker` and `aws`, `name=version` for apt to take that one; where its machines speak TLS, `openssl` is installed with them. @default ["docker"], which is all that Amazon Linux 2023 lacks */
  readonly packages?: readonly string[];
  /** Where apt gets them. @default what the image says; Amazon Linux 2023 has its own mirror in S3, and one state of it for each image */
  readonly aptMirror?: AptMirror;
  /** Name of the disk that it starts from, which agents have larger. @default "/dev/xvda" */
  readonly rootDevice?: string;
}

/** How the edges are reached from outside. */
export interface EdgeAccess {
  /** From where. @default everywhere */
  readonly clients?: readonly string[];
  /** A certificate of ACM: the load balancer then serves HTTPS, too. */
  readonly certificateArn?: pulumi.Input<string>;
  /** A name in a hosted zone of Route 53. @default the load balancer's own */
  readonly domain?: { readonly zoneId: pulumi.Input<string>; readonly name: string };
}

/** Options of {@link AwsPlatform}. */
export interface AwsPlatformArgs {
  /** Such as `eu-central-1`. */
  readonly region: string;
  readonly image: MachineImage;
  /**
   * Registry that has the images of `distribution`, put before the name of each that names none; one of ECR is logged in to.
   *
   * @default Docker Hub
   */
  readonly registry?: string;
  /** Which image serves each program. @default this project's */
  readonly distribution?: containers.ContainerDistribution;
  /** CIDRs from which Pulumi and people reach the programs: a VPN, a bastion, or the subnet where `pulumi up` runs. */
  readonly administrators: readonly string[];
  /**
   * How the machine that runs Pulumi reaches private addresses: `direct` (a VPN, or it stands in the network),
   * `socks5://host:port`, `ssh://user@bastion` or, by Session Manager, `ssm://user@i-0123456789abcdef0`, as the provider's
   * `access`. The bastion stands before the cluster does, and is one of `administrators`.
   *
   * @default "direct"
   */
  readonly access?: string;
  /** @default one of its own */
  readonly network?: OwnNetwork | GivenNetwork;
  /** Machines by role, where not the usual ones. */
  readonly machines?: Readonly<Partial<Record<MemberRole, Partial<Machine>>>>;
  /** Machines of agent groups, by the group's name in the cluster, where not the usual ones. */
  readonly agents?: Readonly<Record<string, AgentMachines>>;
  readonly edge?: EdgeAccess;
  /** A key of KMS for disks, secrets and logs. @default AWS's own for each service */
  readonly kmsKeyArn?: pulumi.Input<string>;
  /** Sends the programs' output to CloudWatch. @default it stays on the machines, rotated */
  readonly logs?: { readonly retentionDays: number };
  /** For {@link AwsPlatform.hourlyCost}. @default list prices of us-east-1 */
  readonly prices?: PriceTable;
  /** More tags of everything. */
  readonly tags?: Readonly<Record<string, string>>;
  /** An `aws.Provider`: account and role. @default one made for `region` with the credentials of the environment */
  readonly provider?: pulumi.ProviderResource;
  /** Begins the names of what all members share; a second platform in one program needs another. @default "platform" */
  readonly name?: string;
}

export function isGiven(network: OwnNetwork | GivenNetwork): network is GivenNetwork {
  return "vpcId" in network;
}

/** The zones of a network of our own. */
export function zonesOf({ zones }: OwnNetwork, region: string): readonly string[] {
  return zones ?? ["a", "b", "c"].map((letter) => `${region}${letter}`);
}

/** Every machine, with what the program says about it. */
export function machinesOf(args: AwsPlatformArgs): Readonly<Record<MemberRole, Machine>> {
  const usual = usualMachines(args.image.architecture);
  const entries = Object.entries(usual) as [MemberRole, Machine][];
  const merged = entries.map(([role, machine]) => [role, { ...machine, ...args.machines?.[role] }]);
  return Object.fromEntries(merged) as Readonly<Record<MemberRole, Machine>>;
}

/** What a platform is refused for, before anything is made. */
export function platformFailures(args: AwsPlatformArgs, cidr: string): Failure[] {
  const { region, image, administrators, network = {}, agents = {}, edge = {}, registry } = args;
  const access = accessFault(args.access ?? "direct");
  const machines = Object.entries(machinesOf(args)) as [MemberRole, Machine][];
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    return [
      { path: "region", message: `must be a region such as "eu-central-1", got ${JSON.stringify(region)}` },
    ];
  return [
    ...(image.architecture === "x86_64" || image.architecture === "arm64"
      ? [
          ...machines.flatMap(([role, machine]) => machineFailures(role, machine, image.architecture)),
          ...Object.entries(agents).flatMap(([group, one]) => agentFailures(group, one, image.architecture)),
        ]
      : [
          {
            path: "image.architecture",
            message: `must be "x86_64" or "arm64", got ${JSON.stringify(image.architecture)}`,
          },
        ]),
    ...(isGiven(network)
      ? [
          ...givenNetworkFailures(network.privateSubnets, network.spread ?? 3),
          ...publicSubnetFailures(network),
        ]
      : ownNetworkFailures(cidr, zonesOf(network, region), region)),
    ...administratorFailures(administrators),
    ...Object.entries(image.aptMirror ?? {}).flatMap(([which, url]) =>
      /^https?:\/\/[^/\s]/.test(url)
        ? []
        : [
            {
              path: `image.aptMirror.${which}`,
              message: `must be a URL such as "http://mirror.example/debian", got ${JSON.stringify(shownUrl(url))}`,
            },
          ],
    ),
    ...(access === undefined ? [] : [{ path: "access", message: access }]),
    ...(edge.clients ?? []).flatMap((client, i) => cidrFailure(`edge.clients[${i}]`, client)),
    ...(registry?.endsWith("/") || registry?.includes("://")
      ? [
          {
            path: "registry",
            message: `must be a host with a path, without scheme and final slash, got ${JSON.stringify(registry)}`,
          },
        ]
      : []),
  ];
}

function publicSubnetFailures({ publicSubnets }: GivenNetwork): Failure[] {
  if (publicSubnets.length > 0) return [];
  return [
    {
      path: "network.publicSubnets",
      message: "must have a subnet for the load balancer of the edges, got none",
    },
  ];
}

function administratorFailures(administrators: readonly string[]): Failure[] {
  const path = "administrators";
  if (administrators.length === 0)
    return [
      {
        path,
        message:
          "must have the CIDR from which Pulumi reaches the cluster, because every change asks its members, got none",
      },
    ];
  return administrators.flatMap((one, i) => {
    const range = parseCidr(one);
    const open = {
      path: `${path}[${i}]`,
      message: `must be a /8 or less, because masters and Marathon do what they are told, got ${JSON.stringify(one)}`,
    };
    return range !== undefined && range.prefix < 8 ? [open] : cidrFailure(`${path}[${i}]`, one);
  });
}

function cidrFailure(path: string, text: string): Failure[] {
  if (parseCidr(text) !== undefined) return [];
  return [{ path, message: `must be a CIDR such as "203.0.113.0/24", got ${JSON.stringify(text)}` }];
}
