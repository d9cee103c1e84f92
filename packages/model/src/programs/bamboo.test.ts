// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { bambooConfig, bambooService } from "./bamboo";

const shared = {
  marathonUrls: ["http://a:8080", "http://b:8080"],
  zookeeper: "z1:2181,z2:2181",
  trafficPort: 8888,
};

describe("a Bamboo of the user's own", () => {
  it("gets its configuration file with every key that Bamboo reads", () => {
    assert.deepEqual(bambooConfig(shared), {
      Marathon: { Endpoint: "http://a:8080,http://b:8080", UseEventStream: true },
      Bamboo: {
        Endpoint: "http://{address}:8000",
        Zookeeper: { Host: "z1:2181,z2:2181", Path: "/bamboo", ReportingDelay: 0 },
      },
      HAProxy: {
        TemplatePath: "{conf}/haproxy_template.cfg",
        OutputPath: "{data}/haproxy.cfg",
        ReloadCommand:
          "touch {data}/haproxy.pid && haproxy -f {data}/haproxy.cfg -p {data}/haproxy.pid -D -sf $(cat {data}/haproxy.pid)",
        ReloadValidationCommand: "haproxy -c -f {{.}}",
        ReloadCleanupCommand: "",
      },
      StatsD: { Enabled: false },
    });
  });

  it("has its commands, its delay and its StatsD as they are given", () => {
    const config = bambooConfig({
      ...shared,
      reloadCommand: "service haproxy reload",
      reloadValidationCommand: "true",
      reloadCleanupCommand: "rm /tmp/x",
      reportingDelay: 5,
      statsd: { host: "s:8125", prefix: "p." },
    }) as Record<string, Record<string, unknown>>;
    assert.deepEqual(
      [
        config.HAProxy?.ReloadCommand,
        config.HAProxy?.ReloadValidationCommand,
        config.HAProxy?.ReloadCleanupCommand,
      ],
      ["service haproxy reload", "true", "rm /tmp/x"],
    );
    assert.deepEqual(config.Bamboo?.Zookeeper, {
      Host: "z1:2181,z2:2181",
      Path: "/bamboo",
      ReportingDelay: 5,
    });
    assert.deepEqual(config.StatsD, { Enabled: true, Host: "s:8125", Prefix: "p." });
    const named = bambooConfig({ ...shared, statsd: { host: "s:8125" } }) as typeof config;
    assert.equal(named.StatsD?.Prefix, "bamboo-server.");
  });

  it("is started by its one-dash flags, and by what its images read from the environment", () => {
    const { software, args, env, files, ports, ready } = bambooService(shared);
    assert.equal(software, "bamboo");
    assert.deepEqual(args, ["-config={conf}/bamboo.json", "-bind={address}:8000"]);
    assert.deepEqual(env, {
      MARATHON_ENDPOINT: "http://a:8080,http://b:8080",
      MARATHON_USE_EVENT_STREAM: "true",
      BAMBOO_ENDPOINT: "http://{address}:8000",
      BAMBOO_ZK_HOST: "z1:2181,z2:2181",
      BAMBOO_ZK_PATH: "/bamboo",
      CONFIG_PATH: "{conf}/bamboo.json",
      BIND: "{address}:8000",
    });
    assert.deepEqual(
      files.map(({ path, content }) => [path, JSON.parse(content)]),
      [["bamboo.json", bambooConfig(shared)]],
    );
    assert.equal(ports.traffic, 8888);
    assert.equal(ready.http, "http://{address}:8000/status");
  });
});
