// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { Flags } from "@pulumi-mesos/model";
import { Cluster } from "./cluster";
import { LocalPlatform } from "./local-platform";
import { record } from "./testing/recorded";

const network = "127.77.0.0/16";

function program({
  marathonFlags = {},
  platform = new LocalPlatform({ network }),
}: ProgramOptions = {}): void {
  new Cluster("demo", {
    platform,
    secret: "a-secret-of-thirty-two-characters",
    zookeeper: { size: 3 },
    masters: { size: 3 },
    agents: { web: { size: 2, resources: { cpus: 2, mem: 1024 } } },
    marathon: { size: 2, flags: marathonFlags },
    edge: { size: 1 },
  });
}

interface ProgramOptions {
  readonly marathonFlags?: Flags;
  readonly platform?: LocalPlatform;
}

describe("the order of a Cluster's parts", function () {
  this.timeout(20_000);

  it("changes ZooKeeper before masters, masters before agents, agents before Marathon, Marathon before the edge", async () => {
    const all = await record(() => program());
    const direct = (name: string): readonly string[] =>
      all.filter((r) => r.name === name).flatMap(({ dependsOn }) => dependsOn);
    const waitsFor = (name: string, seen = new Set<string>()): Set<string> => {
      for (const before of direct(name).filter((d) => !seen.has(d))) waitsFor(before, seen.add(before));
      return seen;
    };
    const order = ["demo-zookeeper-1", "demo-masters-1", "demo-web", "demo-marathon-1", "demo-edge-1"];
    for (const [index, name] of order.entries()) {
      const known = waitsFor(name);
      assert.deepEqual(
        order.filter((other) => known.has(other)),
        order.slice(0, index),
        `what ${name} waits for`,
      );
    }
    assert.ok(waitsFor("demo-marathon-1").has("demo-groups-ready"));
  });

  it("tells the group controller where Marathon will be, and its name where that is another", async () => {
    const command = async (marathonFlags: Flags): Promise<string[]> =>
      (await record(() => program({ marathonFlags }))).find(({ name }) => name === "demo-groups-1")?.inputs
        .command as string[];
    const usual = await command({});
    assert.ok(usual.some((arg) => /^--marathon=http:\/\/127\.77\.\d+\.1:8080,http:\/\/127/.test(arg)));
    assert.ok(!usual.some((arg) => arg.startsWith("--marathon-name")));
    assert.ok((await command({ framework_name: "other" })).includes("--marathon-name=other"));
  });

  it("asks for addresses in the order in which its first version did, so that none changes", async () => {
    const asked: string[] = [];
    class Asked extends LocalPlatform {
      override addresses(name: string, count: number) {
        asked.push(name);
        return super.addresses(name, count);
      }
    }
    await record(() => program({ platform: new Asked({ network }) }));
    const parts = ["zookeeper", "masters", "marathon", "edge", "groups"].map((part) => `demo-${part}`);
    assert.deepEqual([...new Set(asked)], parts);
  });
});
