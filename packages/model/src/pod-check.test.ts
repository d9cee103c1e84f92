// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { computed, isComputed } from "./computed";
import { checkPod, checkPodInputs, checkPodRules } from "./pod-check";
import { podRefusals } from "./testing/pod-refusals";

const lines = (failures: readonly { path: string; message: string }[]) =>
  failures.map(({ path, message }) => `${path}: ${message}`);
const pod = { id: "/a", containers: [{ name: "a", resources: { cpus: 0.1, mem: 32 } }] };

describe("checkPod", () => {
  for (const { title, source, request, failures } of podRefusals) {
    it(`fails when given ${title} (${source})`, () => {
      deepEqual(lines(checkPod({ ...pod, ...request })), failures);
    });
  }

  it("says nothing about what is unknown, nor about what depends on it", () => {
    const options = { isUnknown: isComputed };
    deepEqual(checkPod({ ...pod, id: computed, containers: computed }, options), []);
    const endpoints = [{ name: "http", containerPort: 80 }];
    deepEqual(
      checkPod({ ...pod, networks: computed, containers: [{ ...pod.containers[0], endpoints }] }, options),
      [],
    );
    deepEqual(checkPod(computed, options), []);
  });
});

describe("checkPodInputs", () => {
  it("calls the id podId, and has no version", () => {
    const { id: _, ...rest } = pod;
    deepEqual(lines(checkPodInputs({ ...rest, podId: "a", version: "v" })), [
      "version: is set by Marathon, remove it",
      'podId: must begin with a slash, got "a"; give /a',
    ]);
    deepEqual(lines(checkPodRules({ ...rest, podId: "a", nonsense: 1 })), [
      'podId: must begin with a slash, got "a"; give /a',
    ]);
  });
});
