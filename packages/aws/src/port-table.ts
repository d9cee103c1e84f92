// SPDX-License-Identifier: Apache-2.0
import { marathonCallbackPort, ports, type Software, taskPorts } from "@pulumi-mesos/model";

/** What has a security group of its own. */
export const parties = [
  "zookeeper",
  "mesos-master",
  "mesos-agent",
  "marathon",
  "edge",
  "groups",
  "internal-balancer",
  "public-balancer",
] as const;
export type Party = (typeof parties)[number];

/** Who stands outside: those who administer the cluster, and those whom the edge serves. */
export type Outsider = "administrators" | "clients";

/** One range of ports that is open to one source, and to nobody else. */
export interface Opening {
  readonly to: Party;
  readonly from: Party | Outsider;
  readonly protocol: "tcp" | "udp";
  readonly first: number;
  readonly last: number;
}

/** Where an edge takes traffic on AWS. */
export const traffic = { http: 80, https: 443 } as const;

/** The security group of a program: a Bamboo stands where an edge does. */
export function partyOf(software: Software): Party {
  return software === "bamboo" ? "edge" : software;
}

interface Row {
  readonly to: Party;
  readonly ports: readonly (number | readonly [number, number])[];
  readonly from: readonly (Party | Outsider)[];
  readonly protocol?: "udp";
}

const { zookeeper, master, agent, marathon, edge, groups } = ports;

/**
 * Who may call whom: the one place that security groups are made from. Libprocess connects both ways, so masters stand with
 * agents, Marathons and each other on both sides. Gates, `Quota`, apps and rules come from where Pulumi runs: administrators.
 */
const rows: readonly Row[] = [
  {
    to: "zookeeper",
    ports: [zookeeper.client],
    from: ["zookeeper", "mesos-master", "mesos-agent", "marathon", "edge", "groups", "administrators"],
  },
  { to: "zookeeper", ports: [zookeeper.peer, zookeeper.election], from: ["zookeeper"] },
  {
    to: "mesos-master",
    ports: [master.http],
    from: ["mesos-master", "mesos-agent", "marathon", "groups", "internal-balancer", "administrators"],
  },
  {
    to: "mesos-agent",
    ports: [agent.http],
    from: ["mesos-master", "mesos-agent", "groups", "administrators"],
  },
  { to: "mesos-agent", ports: [taskPorts], from: ["mesos-agent", "marathon", "edge"] },
  { to: "mesos-agent", ports: [taskPorts], from: ["mesos-agent"], protocol: "udp" },
  {
    to: "marathon",
    ports: [marathon.http],
    from: ["marathon", "edge", "groups", "internal-balancer", "administrators"],
  },
  { to: "marathon", ports: [marathonCallbackPort], from: ["mesos-master"] },
  { to: "edge", ports: [traffic.http, traffic.https], from: ["public-balancer"] },
  { to: "edge", ports: [edge.api], from: ["edge", "groups", "administrators", "public-balancer"] },
  { to: "groups", ports: [groups.http], from: ["administrators"] },
  { to: "internal-balancer", ports: [master.http, marathon.http], from: ["administrators"] },
  { to: "public-balancer", ports: [traffic.http, traffic.https], from: ["clients"] },
];

/** Every opening, one a row of a security group. */
export const openings: readonly Opening[] = rows.flatMap(
  ({ to, ports: ranges, from, protocol = "tcp" as const }) =>
    ranges.flatMap((range) =>
      from.map((source): Opening => {
        const [first, last] = typeof range === "number" ? [range, range] : range;
        return { to, from: source, protocol, first, last };
      }),
    ),
);

/** `31000-32000`, or `5050`. */
export function rangeOf({ first, last }: Pick<Opening, "first" | "last">): string {
  return first === last ? String(first) : `${first}-${last}`;
}
