// SPDX-License-Identifier: Apache-2.0
import type { Failure } from "@pulumi-mesos/model";
import { type Cidr, isPrivate, overlap, parseCidr, quarters, sizeOf, upperHalf } from "./cidr";
import { firstFreeHost, rowsOf } from "./member-addresses";

/** One zone of a network of our own. */
export interface ZonePlan {
  readonly zone: string;
  readonly private: Cidr;
  readonly public: Cidr;
  /** The part of the private subnet that AWS deals out to nobody, so that members find their addresses free. */
  readonly members: Cidr;
}

/** Every address of a network, with its use. */
export interface NetworkPlan {
  readonly zones: readonly ZonePlan[];
  /** Used by nothing. */
  readonly spare: readonly Cidr[];
}

/** A private subnet that exists. */
export interface GivenSubnet {
  readonly id: string;
  readonly cidr: string;
  readonly zone: string;
  /**
   * Position of the first address for members with an identity (ZooKeeper, masters, Marathon, edges): it and all behind it
   * must be free. @default the middle of the subnet
   */
  readonly firstHost?: number;
}

/** Three zones at most: a quarter of the network for each zone's private subnet, a sixteenth for its public one. */
export function planNetwork(cidr: Cidr, zones: readonly string[]): NetworkPlan {
  const parts = quarters(cidr);
  const publics = quarters(parts[3]);
  const planned = zones.flatMap((zone, i): ZonePlan[] => {
    const [own, open] = [parts[i], publics[i]];
    if (own === undefined || open === undefined || i > 2) return [];
    return [{ zone, private: own, public: open, members: upperHalf(own) }];
  });
  const spare = [...parts.slice(planned.length, 3), ...publics.slice(planned.length)];
  return { zones: planned, spare };
}

/** Smallest and largest network, as lengths of its prefix: AWS takes none above /16, and a /22 has room for seven ensembles. */
const prefixes = { largest: 16, smallest: 22 } as const;

/** What a network of our own is refused for. */
export function ownNetworkFailures(text: string, zones: readonly string[], region: string): Failure[] {
  const cidr = parseCidr(text);
  const got = `got ${JSON.stringify(text)}`;
  const wrong =
    cidr === undefined || !isPrivate(cidr)
      ? `must be a range of private addresses such as "10.77.0.0/16", ${got}`
      : cidr.prefix < prefixes.largest || cidr.prefix > prefixes.smallest
        ? `must be a /${prefixes.largest} to a /${prefixes.smallest}, so that each zone has room for members and agents, ${got}`
        : undefined;
  return [
    ...(wrong === undefined ? [] : [{ path: "network.cidr", message: wrong }]),
    ...zoneFailures(zones, region),
  ];
}

function zoneFailures(zones: readonly string[], region: string): Failure[] {
  const got = `got ${JSON.stringify(zones)}`;
  const wanted = zones.length >= 1 && zones.length <= 3 && new Set(zones).size === zones.length;
  return [
    ...(wanted ? [] : [{ path: "network.zones", message: `must be one to three different zones, ${got}` }]),
    ...zones
      .filter((zone) => !zone.startsWith(region) || !/^[a-z]$/.test(zone.slice(region.length)))
      .map((zone) => ({
        path: "network.zones",
        message: `must be zones of ${region} such as "${region}a", got ${JSON.stringify(zone)}`,
      })),
  ];
}

/** What subnets that exist are refused for. */
export function givenNetworkFailures(subnets: readonly GivenSubnet[], spread: number): Failure[] {
  const parsed = subnets.map((subnet) => ({ ...subnet, range: parseCidr(subnet.cidr) }));
  const zones = new Set(subnets.map(({ zone }) => zone)).size;
  const failures = parsed.flatMap((subnet, index): Failure[] => {
    const at = `network.privateSubnets[${index}]`;
    const { range, firstHost } = subnet;
    const got = `got ${JSON.stringify(subnet.cidr)}`;
    if (range === undefined)
      return [{ path: `${at}.cidr`, message: `must be a range such as "10.0.1.0/24", ${got}` }];
    const before = parsed.slice(0, index).find((other) => other.range && overlap(other.range, range));
    if (before !== undefined)
      return [{ path: `${at}.cidr`, message: `must not overlap ${before.cidr} of ${before.id}, ${got}` }];
    const first = firstHost ?? sizeOf(range) / 2;
    if (!Number.isInteger(first) || first < firstFreeHost || first >= sizeOf(range))
      return [
        {
          path: `${at}.firstHost`,
          message: `must be ${firstFreeHost} to ${sizeOf(range) - 1}, because AWS keeps the first four addresses of a subnet and the last, got ${firstHost ?? first}`,
        },
      ];
    return rowsOf(range, first) >= fewestRows
      ? []
      : [
          {
            path: `${at}.cidr`,
            message: `has too few addresses for members: ${fewestRows} ensembles of 16 must fit behind firstHost (${first}), ${got}`,
          },
        ];
  });
  const few = {
    path: "network.privateSubnets",
    message: `are in ${zones} zones, fewer than the ${spread} that members are spread over; add a subnet in another zone, or set network.spread to ${zones}`,
  };
  return [...failures, ...(zones < spread ? [few] : [])];
}

/** ZooKeeper, masters, Marathon, edge and group controller: what a whole cluster has. */
const fewestRows = 5;
