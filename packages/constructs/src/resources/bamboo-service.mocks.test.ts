// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Service } from "./bamboo-service";

const made: pulumi.runtime.MockResourceArgs[] = [];

function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

describe("bamboo.Service", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          made.push(args);
          return { id: args.id ?? args.name, state: args.inputs };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
  });

  it("sends the rule as it is", async () => {
    const rule = new Service("rule-sent", {
      appId: pulumi.output("/web"),
      acl: "path_beg /",
      config: { a: "b" },
      weights: { "/web": 9, "/next": pulumi.output(1) },
    });
    await value(rule.urn);
    const sent = made.find((m) => m.name === "rule-sent");
    equal(sent?.type, "mesos:bamboo:Service");
    deepEqual(sent?.inputs, {
      appId: "/web",
      acl: "path_beg /",
      config: { a: "b" },
      weights: { "/web": 9, "/next": 1 },
    });
    deepEqual([await value(rule.appId), await value(rule.acl)], ["/web", "path_beg /"]);
  });

  it("reads an existing rule by its app's path without sending inputs", async () => {
    const rule = Service.get("rule-existing", "/by-hand");
    equal(await value(rule.id), "/by-hand");
    deepEqual(made.find((m) => m.name === "rule-existing")?.inputs, {});
  });

  it("tells its own instances from others", async () => {
    const rule = new Service("rule-instance", { appId: "/web", acl: "path_beg /" });
    await value(rule.urn);
    deepEqual([Service.isInstance(rule), Service.isInstance({})], [true, false]);
  });
});
