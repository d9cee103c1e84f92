// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Quota } from "./quota";

const made: pulumi.runtime.MockResourceArgs[] = [];

function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

describe("Quota", () => {
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

  it("sends the quota as it is, with resources of any name", async () => {
    const quota = new Quota("quota-sent", {
      role: pulumi.output("batch"),
      guarantees: { cpus: pulumi.output(1) },
      limits: { cpus: 4, licences: 2 },
      force: true,
    });
    await value(quota.urn);
    const sent = made.find((m) => m.name === "quota-sent");
    equal(sent?.type, "mesos:index:Quota");
    const inputs = { role: "batch", guarantees: { cpus: 1 }, limits: { cpus: 4, licences: 2 }, force: true };
    deepEqual(sent?.inputs, inputs);
    deepEqual([await value(quota.role), await value(quota.limits)], ["batch", inputs.limits]);
  });

  it("reads an existing quota by its role without sending inputs", async () => {
    const quota = Quota.get("quota-existing", "batch");
    equal(await value(quota.id), "batch");
    deepEqual(made.find((m) => m.name === "quota-existing")?.inputs, {});
  });

  it("tells its own instances from others", async () => {
    const quota = new Quota("quota-instance", { role: "batch", limits: { cpus: 1 } });
    await value(quota.urn);
    deepEqual([Quota.isInstance(quota), Quota.isInstance({})], [true, false]);
  });
});
