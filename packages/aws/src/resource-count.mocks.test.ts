// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Recorded } from "pulumi-mesos/testing";
import { AwsPlatform } from "./aws-platform";
import { cluster, run, short, usual } from "./recording.test.support";

const readme = readFileSync(path.join(__dirname, "../README.md"), "utf8");

describe("the resources of a cluster on AWS", function () {
  // A bound against hanging: its first test loads everything.
  this.timeout(60_000);

  /** Everything that a cluster makes, beside what the program does itself. */
  function made(groups: readonly string[], masters: 3 | 5, marathons: number): Promise<Recorded[]> {
    const spec = { size: 2, resources: { cpus: 2, mem: 6144 } };
    const agents = Object.fromEntries(groups.map((name) => [name, spec]));
    const sizes = { masters: { size: masters }, marathon: { size: marathons }, agents };
    return run(() => void cluster(new AwsPlatform(usual), sizes));
  }

  const count = (all: readonly Recorded[], types: RegExp): number =>
    all.filter(({ type }) => types.test(short(type))).length;

  it("are as many as the README says, by what they are for", async () => {
    const all = await made(["web", "batch"], 3, 2);
    const [, network, security, roles, balancers] =
      /: (\d+) of the network, (\d+) security groups with their rules, (\d+) for roles, (\d+) of load balancers/.exec(
        readme,
      ) ?? [];
    const ofNetwork =
      /^(Vpc|DefaultSecurityGroup|Subnet|SubnetCidrReservation|RouteTable|RouteTableAssociation|Route|Eip|NatGateway|InternetGateway|VpcEndpoint)$/;
    const counted = {
      network: count(all, ofNetwork),
      security: count(all, /^SecurityGroup/),
      roles: count(
        all.filter(({ name }) => name.startsWith("platform-")),
        /^(Role|RolePolicy|InstanceProfile)$/,
      ),
      balancers: count(all, /^(LoadBalancer|TargetGroup|TargetGroupAttachment|Listener)$/),
    };
    assert.deepEqual(counted, {
      network: Number(network),
      security: Number(security),
      roles: Number(roles),
      balancers: Number(balancers),
    });
  });

  it("are as many as the README says of a large one", async () => {
    const groups = Array.from({ length: 10 }, (_, i) => `group-${i}`);
    const all = await made(groups, 5, 3);
    const [, number] = /and 10 agent groups are (\d+)\./.exec(readme) ?? [];
    assert.equal(all.length, Number(number));
  });
});
