// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { parseAttributes, parseResources, toJson } from "../protocol/resources";
import type { AgentInfo } from "../protocol/types";
import { incompatible, incompatibleText } from "./compatibility";

interface Said {
  readonly resources?: string;
  readonly attributes?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly domain?: string;
}

function info(said: Said = {}): AgentInfo {
  const { resources = "cpus:4;mem:1024;ports:[31000-31009]", attributes = "rack:r1;size:2" } = said;
  const names = { region: { name: said.domain ?? "" }, zone: { name: "z" } };
  return {
    hostname: said.hostname ?? "h",
    port: said.port ?? 5051,
    resources: toJson(parseResources(resources)),
    attributes: parseAttributes(attributes),
    ...(said.domain === undefined ? {} : { domain: { fault_domain: names } }),
  };
}

describe("--reconfiguration_policy (docs/agent-recovery.md, src/slave/compatibility.cpp)", () => {
  const additive = (before: Said, now: Said) => incompatible(info(before), info(now), "additive");
  const equal = (before: Said, now: Said) => incompatible(info(before), info(now), "equal");
  const prefix = "Configuration change not permitted under";

  it("equal: takes the same in another order, and refuses any change with both infos", () => {
    assert.equal(
      equal({}, { resources: "ports:[31000-31009];mem:1024;cpus:4", attributes: "size:2;rack:r1" }),
      undefined,
    );
    const changes: Said[] = [
      { resources: "cpus:5;mem:1024;ports:[31000-31009]" },
      { attributes: "rack:r1;size:2;more:1" },
      { hostname: "other" },
      { port: 1 },
      { domain: "a" },
    ];
    for (const change of changes) {
      const why = equal({}, change) ?? "";
      assert.match(
        why,
        /^Incompatible agent info detected\. \n\n-{60}\nOld agent info:\n\{.*\}\n\n-{60}\nNew/,
      );
    }
    assert.match(
      incompatibleText("why", "/w/meta/slaves/latest"),
      /^Failed to perform recovery: why\nTo remedy this do as follows:\nStep 1: rm -f \/w\/meta\/slaves\/latest\n/,
    );
  });

  it("additive: scalars and ranges may grow", () => {
    assert.equal(
      additive({}, { resources: "cpus:5;mem:1024;disk:7;ports:[31000-31009,32000-32009]" }),
      undefined,
    );
  });

  it("additive: scalars may not shrink", () => {
    assert.equal(
      additive({}, { resources: "cpus:3.5;mem:1024;ports:[31000-31009]" }),
      `${prefix} 'additive' policy: Value of scalar resource 'cpus' decreased from 4 to 3.5`,
    );
  });

  it("additive: ranges may not shrink", () => {
    assert.equal(
      additive({}, { resources: "cpus:4;mem:1024;ports:[31000-31008]" }),
      `${prefix} 'additive' policy: Previous value of range resource 'ports' ([31000-31009]) not included in current [31000-31008]`,
    );
  });

  it("additive: resources may not go, nor to another role", () => {
    assert.equal(
      additive({}, { resources: "cpus:4;ports:[31000-31009]" }),
      `${prefix} 'additive' policy. Resource not found: mem(*):1024`,
    );
    assert.equal(
      additive({}, { resources: "cpus(dev):4;mem:1024;ports:[31000-31009]" }),
      `${prefix} 'additive' policy. Resource not found: cpus(*):4`,
    );
  });

  it("additive: attributes may come", () => {
    assert.equal(additive({}, { attributes: "rack:r1;size:2;zone:a" }), undefined);
  });

  it("additive: a text or scalar attribute may not change", () => {
    assert.equal(
      additive({}, { attributes: "rack:r2;size:2" }),
      `${prefix} 'additive' policy: Value of text attribute 'rack' changed from r1 to r2`,
    );
    assert.equal(
      additive({}, { attributes: "rack:r1;size:3" }),
      `${prefix} 'additive' policy: Value of scalar attribute 'size' changed from 2 to 3`,
    );
  });

  it("additive: an attribute may not go or change its type", () => {
    assert.equal(
      additive({}, { attributes: "size:2" }),
      `${prefix} 'additive' policy: Couldn't find attribute rack=r1`,
    );
    assert.equal(
      additive({}, { attributes: "rack:1;size:2" }),
      `${prefix} 'additive' policy: Type of attribute 'rack' changed from TEXT to SCALAR`,
    );
  });

  it("additive: a range attribute may grow, not shrink", () => {
    assert.equal(additive({ attributes: "r:[1-5]" }, { attributes: "r:[1-9]" }), undefined);
    assert.equal(
      additive({ attributes: "r:[1-5]" }, { attributes: "r:[2-9]" }),
      "Previous value of ranges resource 'r' ([1-5]) not included in current [2-9]",
    );
  });

  it("additive: host name and port may not change", () => {
    assert.equal(
      additive({}, { hostname: "other" }),
      `${prefix} \`additive\` policy: Hostname changed from h to other`,
    );
    assert.equal(
      additive({}, { port: 5052 }),
      `${prefix} \`additive\` policy: Port changed from 5051 to 5052`,
    );
  });

  it("additive: a domain may come, not change or go", () => {
    assert.equal(additive({}, { domain: "a" }), undefined);
    for (const now of [{ domain: "b" }, {}])
      assert.match(additive({ domain: "a" }, now) ?? "", /`additive` policy: Domain changed from \{"fault/);
  });
});
