// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { decoder } from "./failures";
import { Pod, PodResourceInputs, toPodDocument, toPodInputs } from "./pod";

const document: Pod = {
  id: "/shop/web",
  containers: [
    { name: "nginx", resources: { cpus: 0.1, mem: 32 }, endpoints: [{ name: "http", hostPort: 0 }] },
  ],
  scaling: { kind: "fixed", instances: 2 },
};

describe("a pod's document", () => {
  it("comes back from inputs, without its version", () => {
    const { id, ...rest } = document;
    const inputs = { podId: id, ...rest };
    deepEqual(toPodDocument(inputs), document);
    deepEqual(toPodInputs({ ...document, version: "v" }), inputs);
    equal(decoder(PodResourceInputs).decode(inputs).ok, true);
    equal(decoder(Pod).decode(document).ok, true);
  });
});
