// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { getJson, request } from "./support/http";
import { SteadyLoad } from "./support/load";
import { killAll } from "./support/processes";
import { TestStack } from "./support/test-stack";
import { assertNothingLeft } from "./support/whole-once";

const octet = 89;
const token = "hush-token-of-the-edge";

/** Answers with its release; a sick one's check fails once it has got a request, a wrong one's answers are errors. */
const server = `
const { writeFileSync } = require("fs");
const app = require("http").createServer((request, response) => {
  if (process.env.KIND === "sick") writeFileSync("sick", "");
  response.statusCode = process.env.KIND === "wrong" ? 500 : 200;
  response.end(process.env.RELEASE);
});
app.listen(Number(process.env.PORT0), process.env.HOST);
process.on("SIGTERM", () => app.close());
`;

const program = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: "127.${octet}.0.0/16" }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 1 },
  masters: { size: 3 },
  agents: { web: { size: 1, resources: { cpus: 2, mem: 1024 } } },
  marathon: { size: 1 },
  edge: { size: 1, apiToken: config.requireSecret("edgeToken") },
});
const kind = config.get("kind") ?? "good";
const app = {
  cmd: kind === "broken" ? "exit 1" : ${JSON.stringify(`exec node -e '${server}'`)},
  cpus: 0.1,
  mem: 32,
  instances: 2,
  backoffSeconds: 0,
  portDefinitions: [{ port: 0, name: "http" }],
  env: { RELEASE: config.require("release"), KIND: kind },
  healthChecks: [{ protocol: "COMMAND", command: { value: "test ! -e sick" }, intervalSeconds: 1, gracePeriodSeconds: 30, maxConsecutiveFailures: 100 }],
};
const options = { provider: cluster.provider, customTimeouts: { update: "5m" } };
const watched = { intervalSeconds: config.getNumber("interval") ?? 1, maxErrorRate: 0.05, minRequests: 5 };
new mesos.marathon.BlueGreen("site", { app, acl: "path_beg /site", ...watched }, options);
new mesos.marathon.Canary("shop", { app, acl: "path_beg /shop", steps: [20, 50], ...watched }, options);
`;

/** The whole way of a release on the real engine, behind an edge that asks for a token. */
describe("blue/green, canary via LB labels or weights: releases of a cluster that the stack makes", function () {
  this.timeout(1_200_000);
  const view = new ClusterView(`127.${octet}`);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.create({
      program: { source: program },
      config: { release: "1" },
      secrets: { clusterSecret: "a-secret-of-thirty-two-characters", edgeToken: token },
    });
    await stack.up();
  });
  after(() => stack?.close());

  const configure = (...settings: string[]) =>
    stack.ok("config", "set-all", ...settings.flatMap((setting) => ["--plaintext", setting]));
  const says = async (path: string): Promise<string> => {
    const { status, body } = await request(`${view.edgeUrl}${path}`);
    return status === 200 ? body : String(status);
  };
  const rules = () =>
    request(`${view.edgeApiUrl}/api/services`, { headers: { authorization: `Bearer ${token}` } });
  const weights = async (id: string): Promise<string | undefined> =>
    (JSON.parse((await rules()).body) as Record<string, { Config: Record<string, string> }>)[id]?.Config[
      "Weights"
    ];
  const apps = async (): Promise<string[]> => {
    const answer = await getJson<{ apps: { id: string }[] }>(`${await view.marathonUrl()}/v2/apps`);
    return answer.apps.map((app) => app.id).sort();
  };

  /** Does `work` under load on both routes; of those that are judged no request may fail. */
  async function withoutLoss<T>(work: () => Promise<T>, judged = ["/site", "/shop"]): Promise<T> {
    const loads = ["/site", "/shop"].map((path) => ({
      path,
      load: new SteadyLoad(`${view.edgeUrl}${path}`, 25),
    }));
    try {
      return await work();
    } finally {
      await Promise.all(loads.map(({ load }) => load.stop()));
      for (const { path, load } of loads) {
        assert.ok(load.sent > 0);
        if (judged.includes(path)) assert.deepEqual(load.failures, [], path);
      }
    }
  }

  it("makes one app each, writes their rules with the edge's token, and then nothing changes any more", async () => {
    assert.equal((await request(`${view.edgeApiUrl}/api/services`)).status, 401);
    await eventually(hangMs, async () =>
      assert.deepEqual([await says("/site"), await says("/shop")], ["1", "1"]),
    );
    assert.deepEqual(await apps(), ["/shop-blue", "/site-blue"]);
    await stack.unchanged();
    assert.ok(!(await stack.ok("stack", "export")).includes(token), "the token is in no plain state");
  });

  it("says in the preview what becomes of the requests, and rolls a release without losing one", async () => {
    await configure("release=2");
    const preview = await stack.ok("preview");
    assert.match(
      preview,
      /starts \/site-green beside \/site-blue, because of env\.RELEASE; .*sends it 100 % of/,
    );
    assert.match(preview, /starts \/shop-green beside \/shop-blue, .*sends it 20, 50, 100 % of the requests/);
    await withoutLoss(() => stack.up());
    assert.deepEqual([await says("/site"), await says("/shop")], ["2", "2"]);
    assert.deepEqual(await apps(), ["/shop-green", "/site-green"]);
    await stack.unchanged();
  });

  // Of a sick version that had all requests some may be lost before anybody knows that it is sick; a wrong one is known by them.
  for (const [kind, routes, why] of [
    ["broken", ["/site", "/shop"], /crash loop, \d+ tasks of \/shop-blue ended/],
    ["sick", ["/shop"], /\/shop-blue failed at \d+ % of the requests: [01] of 2 healthy/],
    [
      "wrong",
      [],
      /\/shop-blue failed at 20 % of the requests: (\d+) of \1 requests \(100 %\) ended with a 5xx, maxErrorRate is 0\.05/,
    ],
  ] as const) {
    const lost = routes.length > 0 ? ", and loses no request" : "";
    it(`takes a ${kind} release back, leaves the old one untouched${lost}`, async () => {
      const before = (await view.app("/shop-green")).tasks.map((task) => task.id);
      await configure(`kind=${kind}`, `release=3-${kind}`, "interval=600");
      const up = () => stack.pulumi(["up", "--yes", "--skip-preview"]);
      const { code, output } = await withoutLoss(up, [...routes]);
      assert.notEqual(code, 0, output);
      assert.match(output, why);
      assert.match(output, /all requests go to \/shop-green, which was not touched/);
      assert.deepEqual([await says("/site"), await says("/shop")], ["2", "2"]);
      assert.equal(await weights("/shop"), "/shop-blue=0 /shop-green=100");
      assert.deepEqual(
        (await view.app("/shop-green")).tasks.map((task) => task.id),
        before,
      );
    });
  }

  it("ends what is left of a failed release when the program goes back", async () => {
    await configure("kind=good", "release=2", "interval=1");
    await withoutLoss(() => stack.up());
    assert.deepEqual(await apps(), ["/shop-green", "/site-green"]);
    await stack.unchanged();
  });

  it("goes on with a release in whose middle the engine was killed, without losing a request", async () => {
    await configure("release=4", "interval=600");
    await withoutLoss(async () => {
      let pid = 0;
      const started = (child: { pid: number }): void => {
        pid = child.pid;
      };
      const up = stack.pulumi(["up", "--yes", "--skip-preview"], { started });
      await eventually(hangMs, async () =>
        assert.equal(await weights("/shop"), "/shop-blue=20 /shop-green=80"),
      );
      process.kill(pid, "SIGKILL");
      assert.notEqual((await up).code, 0);
      killAll(stack.processes().filter((p) => p.argv[0]?.endsWith("/pulumi-language-nodejs")));
      await stack.ok("cancel", "--yes");
      await configure("interval=1");
      await stack.up();
    });
    assert.deepEqual([await says("/site"), await says("/shop")], ["4", "4"]);
    assert.deepEqual(await apps(), ["/shop-blue", "/site-blue"]);
    await stack.unchanged();
  });

  it("leaves nothing when it is destroyed", async () => {
    await stack.ok("destroy", "--yes", "--skip-preview");
    await eventually(hangMs, () => assertNothingLeft(stack, view));
  });
});
