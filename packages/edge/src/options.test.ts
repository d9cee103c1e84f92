// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine } from "./command-line";
import { type Option, options, parseOptions } from "./options";

const needed = { MARATHON_ENDPOINT: "http://a:8080, http://b:8080", BAMBOO_ZK_HOST: "z:2181" };
const read = (argv: string[], env: Record<string, string> = {}, file?: string) =>
  readCommandLine(argv, { ...needed, ...env }, () => file ?? assert.fail("no file"));

describe("the options", () => {
  it("come from flags, then the environment, then Bamboo's file in any case", () => {
    const file = JSON.stringify({
      marathon: { ENDPOINT: "http://file:1", user: "file-user" },
      Bamboo: { Zookeeper: { Path: "/file" } },
    });
    const parsed = parseOptions(
      read(["--config", "x", "--bind=:9000"], { BAMBOO_ZK_PATH: "/env", BIND: ":1" }, file),
    );
    assert.deepEqual(parsed.marathonUrls, ["http://a:8080", "http://b:8080"]);
    assert.equal(parsed.marathonUser, "file-user");
    assert.equal(parsed.zookeeperPath, "/env");
    assert.deepEqual(parsed.bind, { host: "0.0.0.0", port: 9000 });
  });

  it("are taken from each of their environment names", () => {
    const values: Partial<Record<Option["name"], string>> = {
      bind: "1.2.3.4:5",
      frontendBind: "1.2.3.4:6",
      nbthread: "3",
      onExit: "stop",
      endpoint: "http://e:1",
      marathon: "http://m:1",
      zookeeperPath: "/p",
    };
    for (const o of options.filter((option) => option.name !== "config")) {
      assert.equal(read([], { [o.env]: values[o.name] ?? "v" })[o.name], values[o.name] ?? "v", o.env);
    }
  });

  it("fail all at once, each naming its flag and variable", () => {
    const raw = readCommandLine(["--bind=x", "--nbthread=0"], {}, () => "");
    assert.throws(() => parseOptions(raw), {
      code: "MESOS_EDGE_OPTIONS",
      message:
        /--bind or BIND: must be host:port, got x; .*MARATHON_ENDPOINT: is missing.*BAMBOO_ZK_HOST: is missing.*--nbthread/,
    });
  });

  it("fail when the file is no JSON", () => {
    assert.throws(() => read(["--config=x"], {}, "{"), { code: "MESOS_EDGE_OPTIONS" });
  });

  it("have no flag for a secret, and each stands in the README", async () => {
    const readme = await readFile(join(__dirname, "..", "README.md"), "utf8");
    for (const o of options) {
      if (/password/i.test(o.name)) assert.equal(o.flag, undefined);
      assert.ok(readme.includes(`\`${o.env}\``), o.env);
    }
  });
});
