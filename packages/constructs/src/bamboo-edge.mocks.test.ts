// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { BambooEdge, type BambooEdgeArgs } from "./bamboo-edge";
import { Cluster } from "./cluster";
import { simulator } from "./distribution";
import { LocalPlatform } from "./local-platform";
import { Service } from "./resources/bamboo-service";
import { Provider } from "./resources/provider";
import { type Recorded, record } from "./testing/recorded";

const network = "127.77.0.0/16";
const distribution = { ...simulator, bamboo: ["/opt/bamboo/bamboo"] };
const secret = "a-secret-of-thirty-two-characters";
const template = "frontend http-in\n  bind {address}:8888\n{{ range $app := .Apps }}{{ end }}\n";
const bamboo = { controller: "bamboo" as const, bamboo: { template } };

function edge(args: Partial<BambooEdgeArgs> = {}, own: object = {}): BambooEdge {
  const zookeeper = { connectionString: "z:2181", ready: [] };
  const marathon = { urls: ["http://m:8080"], ready: [] };
  return new BambooEdge("edge", {
    platform: new LocalPlatform({ network, ...own }),
    zookeeper,
    marathon,
    ...args,
  });
}

function processes(all: readonly Recorded[]): Recorded[] {
  return all.filter(({ type }) => type === "mesos:local:Process");
}

/** An environment that is secret as a whole because one of its values is. */
function envOf({ inputs }: Recorded): Record<string, string> {
  const env = inputs.env as Record<string, string> & { value?: Record<string, string> };
  return (env.value as Record<string, string> | undefined) ?? env;
}

describe("BambooEdge", () => {
  it("has two edges that share their rules, one address in front, and a rule that is written once", async () => {
    let made: BambooEdge | undefined;
    const all = await record(() => {
      made = edge();
      const provider = new Provider("p", { bambooUrls: made.apiUrls });
      new Service("rule", { appId: "/web", acl: "path_beg /" }, { provider });
    });
    const [first, second, ...others] = processes(all);
    assert.deepEqual([first?.name, second?.name, others], ["edge-1", "edge-2", []]);
    assert.ok(first && second);
    assert.equal(envOf(first).BAMBOO_ZK_PATH, envOf(second).BAMBOO_ZK_PATH);
    assert.deepEqual(
      first.inputs.command,
      second.inputs.command && ["mesos-edge", ...(first.inputs.command as string[]).slice(1)],
    );
    assert.equal(made?.urls.length, 2);
    assert.equal(await new Promise((resolve) => made?.url.apply(resolve)), made?.urls[0]);
    assert.equal(all.filter(({ type }) => type === "mesos:bamboo:Service").length, 1);
    const { bambooUrls } = all.find(({ name }) => name === "p")?.inputs ?? {};
    assert.deepEqual(bambooUrls, made?.apiUrls);
  });

  it("has as many as it is told", async () => {
    assert.equal(processes(await record(() => void edge({ size: 1 }))).length, 1);
  });

  it("runs the user's Bamboo with its file, its template and its environment", async () => {
    const args = { ...bamboo, bamboo: { template, marathonUser: "me", marathonPassword: "hush" } };
    const all = await record(() => void edge(args, { distribution }));
    const [first, second, ...others] = processes(all);
    assert.ok(first && second);
    assert.deepEqual(others, []);
    const [{ host }] = first.inputs.listen as [{ host: string }];
    assert.deepEqual(first.inputs.command, [
      "/opt/bamboo/bamboo",
      "-config={conf}/bamboo.json",
      `-bind=${host}:8000`,
    ]);
    assert.equal(envOf(first).BAMBOO_ENDPOINT, `http://${host}:8000`);
    assert.deepEqual([envOf(first).MARATHON_USER, envOf(first).MARATHON_PASSWORD], ["me", "hush"]);
    assert.ok(
      "4dabf18193072939515e22adb298388d" in (first.inputs.env as object),
      "the environment is secret",
    );
    const files = new Map(
      (first.inputs.files as { path: string; content: string }[]).map((f) => [f.path, f.content]),
    );
    assert.match(files.get("haproxy_template.cfg") ?? "", new RegExp(`bind ${host}:8888\\n\\{\\{ range`));
    const config = JSON.parse(files.get("bamboo.json") ?? "");
    assert.equal(config.Bamboo.Endpoint, `http://${host}:8000`);
    assert.equal(config.HAProxy.TemplatePath, "{conf}/haproxy_template.cfg");
    assert.ok(!JSON.stringify([...files, first.inputs.command]).includes("hush"));
  });

  it("fails over every option that only this project's edge has, each by its name and in one line", async () => {
    const ours = { statsPassword: "x", apiToken: pulumi.secret("y"), ...bamboo };
    await assert.rejects(
      record(() => void edge(ours, { distribution })),
      (error: Error) => {
        assert.match(
          error.message,
          /edge\.statsPassword: is no option of a Bamboo; .*edge\.apiToken: is no option of/,
        );
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });

  it("fails when a Bamboo lacks its template or program, or is told of without being asked for", async () => {
    const refused: [Partial<BambooEdgeArgs>, object, RegExp][] = [
      [
        { controller: "bamboo" },
        { distribution },
        /edge\.bamboo\.template: must be the text of your HAProxy template/,
      ],
      [
        bamboo,
        {},
        /platform\.distribution\.bamboo: is missing, because a Bamboo is your own; .*"\/usr\/local\/bin\/bamboo"/,
      ],
      [{ bamboo: { template } }, {}, /edge\.bamboo: is for a Bamboo of your own; add controller: "bamboo"/],
      [
        { controller: "haproxy" as "edge" },
        {},
        /edge\.controller: must be "edge" or "bamboo", got "haproxy"/,
      ],
      [
        { ...bamboo, bamboo: { template, marathonUser: "me", reportingDelay: -1 } },
        { distribution },
        /reportingDelay: must be whole seconds, got -1.*marathonUser: and marathonPassword go together/,
      ],
    ];
    for (const [args, own, message] of refused)
      await assert.rejects(
        record(() => void edge(args, own)),
        message,
      );
  });
});

describe("a Cluster with a Bamboo", () => {
  const cluster = (security: { authentication: boolean }) =>
    record(() => {
      const platform = new LocalPlatform({ network, distribution });
      const sizes = { zookeeper: { size: 1 as const }, masters: { size: 3 as const } };
      new Cluster("demo", { platform, secret, ...sizes, edge: bamboo, security });
    });

  it("gives it no password that it would not know", async () => {
    const all = await cluster({ authentication: false });
    const [first] = processes(all).filter(({ name }) => name.startsWith("demo-edge"));
    assert.ok(first);
    assert.equal(envOf(first).EDGE_STATS_PASSWORD, undefined);
    assert.match(String(all.find(({ name }) => name === "demo-provider")?.inputs.bambooUrls), /:8000.*:8000/);
  });

  it("fails when the cluster is closed, because a Bamboo cannot sign in", async () => {
    await assert.rejects(cluster({ authentication: true }), /edge\.controller: a Bamboo can neither sign in/);
  });
});
