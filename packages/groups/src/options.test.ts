// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { parseOptions, readSecrets } from "./options";

const argv = [
  "--zookeeper=127.79.1.1:2181,127.79.1.2:2181",
  "--cluster=demo",
  "--masters=127.79.2.1:5050,127.79.2.2:5050",
  "--marathon=http://127.79.3.1:8080",
  "--members=supervisor:/state",
];

describe("the options", () => {
  it("are lists and an address with a default", () => {
    const { zookeeper, cluster, masters, marathon, members, bind } = parseOptions(argv);
    assert.equal(zookeeper, "127.79.1.1:2181,127.79.1.2:2181");
    assert.deepEqual(masters, ["127.79.2.1:5050", "127.79.2.2:5050"]);
    assert.deepEqual([cluster, marathon], ["demo", ["http://127.79.3.1:8080"]]);
    assert.deepEqual(members, { kind: "local", directory: "/state" });
    assert.deepEqual(parseOptions([...argv, "--members=docker:shop/dev"]).members, {
      kind: "docker",
      stack: { project: "shop", stack: "dev" },
    });
    assert.deepEqual(parseOptions([...argv, "--members=aws:eu-central-1/shop/dev"]).members, {
      kind: "aws",
      region: "eu-central-1",
      stack: { project: "shop", stack: "dev" },
    });
    assert.deepEqual(bind, { host: "127.0.0.1", port: 8010 });
    assert.deepEqual(parseOptions([...argv, "--marathon="]).marathon, []);
  });

  it("take what opens the cluster from the environment alone", () => {
    const secrets = readSecrets({
      GROUPS_ZOOKEEPER_CREDENTIAL: "groups:a",
      GROUPS_MASTERS_CREDENTIAL: "groups:b",
      GROUPS_MARATHON_CREDENTIAL: "operator:c",
      GROUPS_EDGE_TOKEN: "edge",
      GROUPS_API_TOKEN: "token",
    });
    assert.deepEqual(secrets, {
      zookeeper: "groups:a",
      masters: "Basic Z3JvdXBzOmI=",
      marathon: { user: "operator", password: "c" },
      edge: "edge",
      apiToken: "token",
    });
    assert.ok(Object.values(readSecrets({})).every((secret) => secret === undefined));
    assert.throws(() => readSecrets({ GROUPS_MARATHON_CREDENTIAL: "hush" }), {
      code: "MESOS_GROUPS_OPTIONS",
      message: "GROUPS_MARATHON_CREDENTIAL: must be user:password",
    });
  });

  it("fail when a flag is unknown, missing or malformed, with usage", () => {
    for (const bad of [
      [...argv, "--nonsense"],
      argv.slice(1),
      [...argv, "--bind=nowhere"],
      [...argv, "--members=/state"],
    ]) {
      let told = "";
      assert.throws(() =>
        parseOptions(bad, (text) => {
          told += text;
        }),
      );
      assert.match(told, /Usage: mesos-agent-groups/);
    }
  });
});
