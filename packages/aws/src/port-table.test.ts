// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import {
  agentService,
  edgeService,
  groupsService,
  marathonService,
  masterService,
  type Service,
  zookeeperService,
} from "@pulumi-mesos/model";
import { type Opening, openings, partyOf, rangeOf, traffic } from "./port-table";

const addresses = [1, 2, 3].map((n) => ({ name: `zk-${n}`, host: `10.0.0.${n}` }));
const services: readonly Service[] = [
  zookeeperService({ members: addresses, index: 0, heapMiB: 128, tickTimeMs: 2000 }),
  masterService({ zk: "zk://z/mesos", size: 3, cluster: "c", flags: {} }),
  agentService({ master: "zk://z/mesos", resources: { cpus: 1, mem: 1 }, attributes: {}, flags: {} }),
  marathonService({ master: "zk://z/mesos", zk: "zk://z/marathon", flags: {} }),
  edgeService({ marathonUrls: [], zookeeper: "z", trafficPort: traffic.http, httpsPort: traffic.https }),
  groupsService({ cluster: "c", zookeeper: "z", masters: [], marathonUrls: [] }),
];

const to = (party: Opening["to"], port: number): Opening[] =>
  openings.filter((one) => one.to === party && one.first <= port && port <= one.last);

describe("the table of ports", () => {
  it("opens every port that a program listens on, to somebody", () => {
    for (const { software, ports } of services)
      for (const [name, port] of Object.entries(ports))
        assert.ok(to(partyOf(software), port).length > 0, `${software} ${name} ${port}`);
  });

  it("opens nothing to the world but where the edge's clients come in", () => {
    const world = openings.filter(({ from }) => from === "clients");
    assert.deepEqual(
      world.map((one) => [one.to, rangeOf(one), one.protocol]),
      [
        ["public-balancer", "80", "tcp"],
        ["public-balancer", "443", "tcp"],
      ],
    );
  });

  it("never puts a load balancer between agents and masters, or before ZooKeeper", () => {
    assert.deepEqual(
      to("internal-balancer", 5050).map(({ from }) => from),
      ["administrators"],
    );
    assert.deepEqual(
      openings.filter(({ to: party, from }) => party === "zookeeper" && from.endsWith("-balancer")),
      [],
    );
  });

  it("lets masters and agents call each other, and ZooKeeper's servers alone elect", () => {
    const from = (party: Opening["to"], port: number): string[] => to(party, port).map((one) => one.from);
    assert.ok(from("mesos-master", 5050).includes("mesos-agent"));
    assert.ok(from("mesos-agent", 5051).includes("mesos-master"));
    assert.deepEqual(from("zookeeper", 3888), ["zookeeper"]);
    assert.deepEqual(from("marathon", 8081), ["mesos-master"]);
    assert.ok(from("edge", 8000).includes("groups"), "apps follow what the edges count");
    assert.equal(rangeOf(to("mesos-agent", 31500)[0] as Opening), "31000-32000");
  });

  it("has no opening twice", () => {
    const keys = openings.map((one) => `${one.to} ${one.from} ${one.protocol} ${rangeOf(one)}`);
    assert.equal(new Set(keys).size, keys.length);
  });
});
