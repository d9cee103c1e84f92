// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine } from "./command-line";
import { type Option, options } from "./option-table";
import { gather, parseOptions } from "./options";

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
      apiToken: "0123456789abcdef",
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

  it("leave it to ZooKeeper where Marathon is, at its usual path or at the one given", () => {
    const places = (marathon?: string) => {
      const env = { BAMBOO_ZK_HOST: "z1:1, z2:2", ...(marathon && { MARATHON_ENDPOINT: marathon }) };
      const { marathonUrls, marathonZookeeper } = parseOptions(gather({}, env, undefined));
      return [marathonUrls, marathonZookeeper];
    };
    assert.deepEqual(places(), [[], { servers: "z1:1,z2:2", path: "/marathon" }]);
    assert.deepEqual(places("zk://z3:3,z4:4/a/b"), [[], { servers: "z3:3,z4:4", path: "/a/b" }]);
    assert.deepEqual(places("http://m:1"), [["http://m:1"], undefined]);
    for (const bad of ["zk://z:1", "zk://z:1/", "zk://user:word@z:1/m", "http://m:1,zk://z:1/m"]) {
      assert.throws(() => places(bad), { code: "MESOS_EDGE_OPTIONS", message: /zk:\/\/host:port\/path/ });
    }
  });

  it("refuse a template of one's own by its name and say what takes its place", () => {
    const own = { HAPROXY_TEMPLATE_PATH: "/etc/my.tmpl" };
    assert.throws(() => parseOptions(read([], own)), {
      message: /^HAPROXY_TEMPLATE_PATH: .*got \/etc\/my\.tmpl; .*--haproxy-extra/,
    });
    // Where Bamboo's repository, its image and its package have theirs.
    for (const path of [
      "config/haproxy_template.cfg",
      "/opt/bamboo/config/haproxy_template.cfg",
      "/var/bamboo/haproxy_template.cfg",
    ])
      parseOptions(read([], { HAPROXY_TEMPLATE_PATH: path }));
  });

  it("take Bamboo's own example whole, with keys that are not used here", () => {
    const file = JSON.stringify({
      Marathon: { Endpoint: "http://marathon1:8080,http://marathon2:8080/", UseEventStream: false },
      Bamboo: {
        Endpoint: "http://localhost:8000",
        Zookeeper: {
          Host: "zk01.example.com:2812,zk02.example.com:2812",
          Path: "/marathon-haproxy/state",
          ReportingDelay: 5,
        },
      },
      HAProxy: {
        TemplatePath: "/var/bamboo/haproxy_template.cfg",
        OutputPath: "/etc/haproxy/haproxy.cfg",
        ReloadCommand:
          "haproxy -f /etc/haproxy/haproxy.cfg -p /var/run/haproxy.pid -D -sf $(cat /var/run/haproxy.pid)",
        ReloadValidationCommand: "haproxy -c -f {{.}}",
        ReloadCleanupCommand: "exit 0",
      },
      StatsD: { Enabled: false, Host: "localhost:8125", Prefix: "bamboo-server.production." },
    });
    const parsed = parseOptions(readCommandLine(["-config", "/var/bamboo/production.json"], {}, () => file));
    assert.deepEqual(parsed.marathonUrls, ["http://marathon1:8080", "http://marathon2:8080/"]);
    assert.equal(parsed.zookeeper, "zk01.example.com:2812,zk02.example.com:2812");
    assert.deepEqual(
      [parsed.zookeeperPath, parsed.output],
      ["/marathon-haproxy/state", "/etc/haproxy/haproxy.cfg"],
    );
  });

  it("take addresses as Bamboo's users write them", () => {
    const env = { BAMBOO_ZK_HOST: "zk://z1:2181, z2:2181", BAMBOO_ENDPOINT: "10.0.0.1:8000", BIND: ":8000" };
    const { zookeeper, endpoint, bind } = parseOptions(read([], env));
    assert.deepEqual([zookeeper, endpoint], ["z1:2181,z2:2181", "http://10.0.0.1:8000"]);
    assert.deepEqual(bind, { host: "0.0.0.0", port: 8000 });
    for (const url of ["http://me:hush@m:8080", "http://me@m:8080"])
      assert.throws(
        () => parseOptions(read([], { MARATHON_ENDPOINT: url })),
        ({ message }: Error) => /MARATHON_PASSWORD/.test(message) && !message.includes("hush"),
      );
  });

  it("take truth values as Go does and count only when told to", () => {
    const at = { STATSD_HOST: "s:1", STATSD_PREFIX: "p." };
    for (const yes of ["1", "t", "true", "TRUE"]) {
      const { statsd } = parseOptions(read([], { ...at, STATSD_ENABLED: yes }));
      assert.deepEqual(statsd, { host: "s", port: 1, prefix: "p." }, yes);
    }
    for (const [given, prefix] of [
      ["p", "p."],
      ["bamboo-server.n1.", "bamboo-server.n1."],
    ] as const) {
      const env = { STATSD_ENABLED: "1", STATSD_PREFIX: given };
      assert.equal(parseOptions(read([], env)).statsd?.prefix, prefix);
    }
    for (const no of ["0", "yes", "junk"]) {
      assert.equal(parseOptions(read([], { ...at, STATSD_ENABLED: no })).statsd, undefined, no);
    }
    const file = JSON.stringify({ StatsD: { Enabled: true, Host: "f:2", Prefix: "q." } });
    assert.deepEqual(parseOptions(read(["--config=x"], {}, file)).statsd, {
      host: "f",
      port: 2,
      prefix: "q.",
    });
  });

  it("take Bamboo's own flags with one dash", () => {
    const parsed = parseOptions(read(["-bind=:9001", "-config", "x", "-log", "/var/log/bamboo"], {}, "{}"));
    assert.deepEqual([parsed.bind.port, parsed.log], [9001, "/var/log/bamboo"]);
  });

  it("fail when the file is no JSON", () => {
    assert.throws(() => read(["--config=x"], {}, "{"), { code: "MESOS_EDGE_OPTIONS" });
  });

  it("have no flag for a secret, and each stands in the README", async () => {
    const readme = await readFile(join(__dirname, "..", "README.md"), "utf8");
    for (const o of options) {
      if (/password|token/i.test(o.name)) assert.equal(o.flag, undefined);
      assert.ok(readme.includes(`\`${o.env}\``), o.env);
    }
  });
});
