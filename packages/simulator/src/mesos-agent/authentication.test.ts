// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fixture, http, until, valuesOf } from "../test-cluster.test";
import { agentFlags, validateAgentFlags } from "./flags";

describe("mesos-agent: authentication (docs/authentication.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(() => fixture.end());

  const file = (name: string, content: unknown): string => {
    const path = join(fixture.directory, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it("registers with a master that wants to know who it is, without saying its secret", async () => {
    const credentials = file("c", { credentials: [{ principal: "agent", secret: "hush-hush" }] });
    const said: string[] = [];
    const master = await fixture.master("m", ["--authenticate_agents", `--credentials=${credentials}`]);
    await until("a leader", () => master.program.leader);
    const admitted = () => master.program.leader?.context.state.agents.size ?? 0;
    await fixture.agent("none", [`--master=${master.address}`]);
    await until("a refusal", () => master.lines.some((l) => l.includes("its credential is missing")));
    const wrong = file("w", { principal: "agent", secret: "guess" });
    await fixture.agent("wrong", [`--master=${master.address}`, `--credential=${wrong}`], {}, (code, why) =>
      said.push(`${code} ${why}`),
    );
    await until("its end", () => said[0]);
    assert.match(said[0] ?? "", /^1 Master .* refused authentication$/);
    assert.equal(admitted(), 0);
    const right = file("r", { principal: "agent", secret: "hush-hush" });
    await fixture.agent("right", [`--master=${master.address}`, `--credential=${right}`]);
    await until("registered", () => admitted() === 1);
    assert.equal(
      master.lines.some((l) => l.includes("hush-hush")),
      false,
    );
  });

  it("asks for credentials in its realms", async () => {
    const path = file("h", { credentials: [{ principal: "ops", secret: "x" }] });
    const argv = [
      "--master=127.84.9.9:5050",
      `--http_credentials=${path}`,
      "--authenticate_http_readonly",
      "--authenticate_http_readwrite",
    ];
    const agent = await fixture.agent("a", argv);
    const url = `http://${agent.pid.split("@")[1]}`;
    for (const p of ["/state", "/slave(1)/state", "/flags", "/metrics/snapshot", "/files/browse?path=/"]) {
      const { status, headers } = await http("GET", url + p);
      assert.deepEqual([status, headers["www-authenticate"]], [401, 'Basic realm="mesos-agent-readonly"'], p);
    }
    const { headers } = await http("POST", `${url}/api/v1`, {});
    assert.equal(headers["www-authenticate"], 'Basic realm="mesos-agent-readwrite"');
    assert.equal((await http("GET", `${url}/health`)).status, 200);
    const authorization = `Basic ${Buffer.from("ops:x").toString("base64")}`;
    assert.equal((await http("GET", `${url}/state`, undefined, { authorization })).status, 200);
  });

  it("fails when credentials are missing, or executors are to authenticate", () => {
    const said = (...argv: string[]) =>
      validateAgentFlags(valuesOf(agentFlags, ["--master=h:1", "--work_dir=/w", ...argv]));
    assert.deepEqual(said("--authenticate_http_readonly"), [
      "No credentials provided for the default 'basic' HTTP authenticator for realm 'mesos-agent-readonly'",
    ]);
    assert.deepEqual(said("--authenticate_http_executors"), [
      "--authenticate_http_executors is not simulated",
    ]);
  });
});
