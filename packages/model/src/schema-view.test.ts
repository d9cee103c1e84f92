// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { AgentPoolDeclaration } from "./agent-pool";
import { checkSchema } from "./schema-check";

const declaration = {
  name: "web",
  size: 1,
  template: { command: ["mesos-agent"], image: "agent:1", memoryMiB: 512 },
  drain: { graceSeconds: 1, timeoutSeconds: 1 },
};

function failuresOf(backend: object): string[] {
  const { failures } = checkSchema(AgentPoolDeclaration, { ...declaration, backend });
  return failures.map(({ at, message }) => `${at.join(".")}: ${message}`);
}

describe("a union of objects", () => {
  it("is checked by the object whose constants the value has", () => {
    const docker = { kind: "docker", network: "10.77.9.0/24", taskPorts: [31000, 32000] };
    assert.deepEqual(failuresOf(docker), []);
    assert.deepEqual(failuresOf({ ...docker, taskPorts: [1] }), [
      "backend.taskPorts: must have 2 elements, got 1",
    ]);
    assert.deepEqual(failuresOf({ ...docker, kind: "local", network: "127.77.9.0/24" }), [
      "backend.portsPerMember: must be given",
    ]);
  });
});
