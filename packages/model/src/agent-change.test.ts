// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { agentChange, describeAgentChange, templateDigest } from "./agent-change";
import type { PoolBackend, PoolTemplate } from "./agent-pool";

const local: PoolBackend = {
  kind: "local",
  network: "127.81.9.0/24",
  taskPorts: [31000, 31999],
  portsPerMember: 100,
};
const docker: PoolBackend = { kind: "docker", network: "10.1.2.0/24", taskPorts: [31000, 32000] };
const base = ["node", "mesos-agent", "--ip={address}", "--work_dir={data}"];
const flags = {
  resources: "cpus:2;mem:1024;ports:[{ports}]",
  attributes: "group:web;rack:r1",
  reconfiguration_policy: "additive",
};

function template(change: Partial<typeof flags & Record<string, string>> = {}, more = {}): PoolTemplate {
  const args = Object.entries({ ...flags, ...change }).map(([name, value]) => `--${name}=${value}`);
  return { command: [...base, ...args], ...more };
}
const classed = (now: PoolTemplate, old = template()): string => agentChange(old, now, local).kind;

describe("a change of an agent's template", () => {
  it("is none when only the order of flags differs", () => {
    const reversed = { command: [...base, ...template().command.slice(base.length).reverse()] };
    assert.equal(classed(reversed), "none");
  });

  it("is a restart in place for flags, program, environment and files that no running task depends on", () => {
    assert.equal(classed(template({ gc_delay: "1days" })), "restart");
    assert.equal(classed({ command: ["mesos-agent-2", ...template().command.slice(2)] }), "restart");
    assert.equal(classed(template({}, { env: { A: "b" } })), "restart");
    assert.equal(classed(template({}, { files: [{ path: "credential", content: "x" }] })), "restart");
    assert.deepEqual(agentChange(template(), template({ gc_delay: "1days" }), local).changed, ["gc_delay"]);
  });

  it("is additive when resources or attributes only grow", () => {
    assert.equal(classed(template({ resources: "cpus:3;mem:1024;gpus:1;ports:[{ports}]" })), "additive");
    assert.equal(classed(template({ attributes: "group:web;rack:r1;zone:a" })), "additive");
    const ranges = (text: string): PoolTemplate => template({ attributes: `r:${text}` });
    assert.equal(classed(ranges("[6-9, 1-5]"), ranges("[1-9]")), "additive");
    assert.equal(classed(ranges("[1-5,7-9]"), ranges("[1-9]")), "replace");
  });

  it("is a replacement, with its reason, when Mesos would refuse the agent on its data", () => {
    const because = (now: PoolTemplate, old = template()): string | undefined => {
      const change = agentChange(old, now, local);
      assert.equal(change.kind, "replace");
      return change.because;
    };
    assert.equal(
      because(template({ resources: "cpus:1;mem:1024;ports:[{ports}]" })),
      "cpus shrinks from 2 to 1",
    );
    assert.equal(because(template({ resources: "cpus:2;ports:[{ports}]" })), "mem is no longer offered");
    assert.equal(because(template({ attributes: "group:web;rack:r2" })), "the attribute rack changes");
    assert.equal(because(template({ attributes: "group:web" })), "the attribute rack goes");
    assert.equal(because(template({ containerizers: "mesos" })), "containerizers changes");
    assert.equal(because(template({ domain: "{}" }), template({ domain: '{"a":1}' })), "domain changes");
    const equal = { reconfiguration_policy: "equal" };
    assert.match(
      because(template({ ...equal, resources: "cpus:3;mem:1024;ports:[{ports}]" })) ?? "",
      /additive$/,
    );
    assert.equal(
      because(template({ resources: "[]" }), template({ resources: "[{}]" })),
      "the text of resources changes",
    );
  });

  it("takes a variable for the flag of its name, which an argument beats", () => {
    assert.equal(classed(template({}, { env: { MESOS_LAUNCHER: "posix" } })), "replace");
    assert.equal(classed(template({}, { env: { MESOS_ATTRIBUTES: "rack:r9" } })), "none");
  });

  it("is a replacement on AWS, also when only the launch template has another version", () => {
    const backend: PoolBackend = { kind: "aws", group: "demo-web" };
    const [before, after] = [1, 2].map((version) => template({}, { launchTemplate: `lt-1:${version}` }));
    assert.ok(before && after);
    const { kind, changed, because } = agentChange(before, after, backend);
    assert.deepEqual(
      [kind, changed, because],
      ["replace", ["launchTemplate"], "an instance takes its tasks with it"],
    );
    assert.equal(agentChange(before, before, backend).kind, "none");
  });

  it("is a replacement on a Docker host, because a container takes its tasks with it", () => {
    const change = agentChange(template(), template({ gc_delay: "1days" }), docker);
    assert.equal(change.kind, "replace");
    assert.match(
      describeAgentChange("web", 3, change),
      /^web: replaces its 3 agents one at a time.*tasks with it/,
    );
  });

  it("knows whether the tasks of before have room", () => {
    const roomy = (resources: string): boolean =>
      agentChange(template(), template({ resources }), local).roomy;
    assert.equal(roomy("cpus:4;mem:1024;ports:[{ports}]"), true);
    assert.equal(roomy("cpus:4;mem:512;ports:[{ports}]"), false);
  });

  it("goes back the way that it came only by a replacement, when it was additive", () => {
    const amount = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const of = (cpus: number): PoolTemplate => template({ resources: `cpus:${cpus};ports:[{ports}]` });
        const kinds = [agentChange(of(a), of(b), local).kind, agentChange(of(b), of(a), local).kind].sort();
        assert.deepEqual(kinds, a === b ? ["none", "none"] : ["additive", "replace"]);
      }),
    );
  });

  it("is said in words, and changes the digest", () => {
    const change = agentChange(template(), template({ gc_delay: "1days" }), local);
    assert.equal(
      describeAgentChange("web", 1, change),
      "web: restarts its agent in place (gc_delay); tasks keep running, none moves",
    );
    assert.match(
      describeAgentChange("web", 9, change, { maxUnavailable: 3, canary: 2 }),
      /^web: restarts its 9 agents in place 3 at a time, the first 2 alone until they hold \(gc_delay\)/,
    );
    const replacement = agentChange(template(), template({ work_dir: "/b" }), local);
    assert.match(
      describeAgentChange("web", 9, replacement, { surge: 0, maxUnavailable: 2 }),
      /^web: replaces its 9 agents 2 at a time, the first alone.*each is drained before a new one comes, and/,
    );
    assert.notEqual(
      templateDigest(template(), local),
      templateDigest(template({ gc_delay: "1days" }), local),
    );
    assert.notEqual(templateDigest(template(), local), templateDigest(template(), docker));
  });
});
