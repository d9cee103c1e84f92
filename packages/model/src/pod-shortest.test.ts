// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { toPodDocument } from "./pod";
import { checkPodInputs } from "./pod-check";
import { normalisePod } from "./pod-normal-form";
import { shortestPodInputs } from "./pod-shortest";
import { defaultServerFacts } from "./server-facts";
import { podAnswers } from "./testing/pod-answers";

describe("the shortest inputs that mean a pod that runs", () => {
  for (const { title, request, server } of podAnswers) {
    it(`mean it, and are taken by the check: ${title}`, () => {
      const facts = { ...defaultServerFacts, ...server };
      const resources = { cpus: 0.1, mem: 32 };
      const pod = { id: "/a", containers: [{ name: "a", resources }], ...request };
      const inputs = shortestPodInputs(normalisePod(pod, facts), facts);
      deepEqual(normalisePod(toPodDocument(inputs), facts), normalisePod(pod, facts));
      if (checkPodInputs({ podId: "/a", ...pod, id: undefined }).length === 0)
        deepEqual(checkPodInputs(inputs), []);
    });
  }
});
