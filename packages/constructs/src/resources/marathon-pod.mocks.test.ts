// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Pod } from "./marathon-pod";

const made: pulumi.runtime.MockResourceArgs[] = [];
const containers = [{ name: "main", resources: { cpus: 0.1, mem: 32 } }];

function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

describe("marathon.Pod", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          made.push(args);
          return { id: args.id ?? args.name, state: { ...args.inputs, version: "v1", instances: [] } };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
  });

  it("takes its id from the resource's name or from id, and sends the document as podId and its fields", async () => {
    const named = new Pod("pod-named", {
      containers,
      scaling: { kind: "fixed", instances: pulumi.output(2) },
    });
    const given = new Pod("pod-given", { id: "/shop/pod", containers, manageInstances: false });
    await Promise.all([value(named.urn), value(given.urn)]);
    const sent = (name: string) => made.find((m) => m.name === name);
    deepEqual(sent("pod-named")?.type, "mesos:marathon:Pod");
    deepEqual(sent("pod-named")?.inputs, {
      podId: "/pod-named",
      containers,
      scaling: { kind: "fixed", instances: 2 },
    });
    deepEqual(sent("pod-given")?.inputs, { podId: "/shop/pod", containers, manageInstances: false });
    deepEqual([await value(given.podId), await value(given.version)], ["/shop/pod", "v1"]);
  });

  it("reads an existing pod by its path without sending inputs, and tells its own instances from others", async () => {
    const pod = Pod.get("pod-existing", "/by-hand");
    deepEqual(await value(pod.id), "/by-hand");
    deepEqual(made.find((m) => m.name === "pod-existing")?.inputs, {});
    deepEqual([Pod.isInstance(pod), Pod.isInstance({})], [true, false]);
  });
});
