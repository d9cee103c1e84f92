// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { checkPod } from "./pod-check";
import { diffPod } from "./pod-diff";
import { normalisePod } from "./pod-normal-form";
import { defaultServerFacts } from "./server-facts";
import { podAnswers } from "./testing/pod-answers";

describe("normalisePod", () => {
  for (const { title, source, request, answer, absent = [], server } of podAnswers) {
    it(`${title} (${source})`, () => {
      const facts = { ...defaultServerFacts, ...server };
      const document = {
        id: "/a",
        containers: [{ name: "a", resources: { cpus: 0.1, mem: 32 } }],
        ...request,
      };
      const pod = normalisePod(document, facts);
      const normal: Record<string, unknown> = pod;
      for (const [key, value] of Object.entries(answer)) deepEqual(normal[key], value, key);
      deepEqual(
        absent.filter((key) => key in normal),
        [],
      );
      deepEqual(normalisePod(normal, facts), normal);
      deepEqual(diffPod(pod, pod), { kind: "none", paths: [] });
      deepEqual(checkPod(normal), []);
    });
  }

  it("passes on what does not fit, wherever it stands", () => {
    const unknown = Symbol("unknown");
    const known = normalisePod({
      id: "/a",
      containers: [],
      volumes: [{ name: "v", persistent: { size: 1 } }],
    });
    for (const key of [...Object.keys(known), "networks", "labels", "environment", "secrets", "linuxInfo"]) {
      for (const odd of [unknown, [unknown], [{ endpoints: [unknown], resources: unknown }]]) {
        diffPod(known, normalisePod({ ...known, [key]: odd }));
      }
    }
  });
});
