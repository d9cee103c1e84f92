// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { parseOptions } from "./options";

const argv = [
  "--zookeeper=127.81.1.1:2181,127.81.1.2:2181",
  "--cluster=demo",
  "--masters=127.81.2.1:5050,127.81.2.2:5050",
  "--marathon=http://127.81.3.1:8080",
  "--state-dir=/state",
];

describe("the options", () => {
  it("are lists and an address with a default", () => {
    const { zookeeper, cluster, masters, marathon, stateDir, bind } = parseOptions(argv);
    assert.equal(zookeeper, "127.81.1.1:2181,127.81.1.2:2181");
    assert.deepEqual(masters, ["127.81.2.1:5050", "127.81.2.2:5050"]);
    assert.deepEqual([cluster, marathon, stateDir], ["demo", ["http://127.81.3.1:8080"], "/state"]);
    assert.deepEqual(bind, { host: "127.0.0.1", port: 8010 });
    assert.deepEqual(parseOptions([...argv, "--marathon="]).marathon, []);
  });

  it("fail when a flag is unknown, missing or malformed, with usage", () => {
    for (const bad of [[...argv, "--nonsense"], argv.slice(1), [...argv, "--bind=nowhere"]]) {
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
