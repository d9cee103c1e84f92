// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { decoder } from "./failures";
import { Pod, PodResourceInputs, toPodDocument, toPodInputs } from "./pod";
import { checkPod, checkPodInputs, checkPodRules } from "./pod-check";
import { diffPod } from "./pod-diff";
import { normalisePod } from "./pod-normal-form";
import { shortestPodInputs } from "./pod-shortest";
import { almostPod, arbitraryPod } from "./testing/arbitrary-pod";

const facts = fc.record({
  version: fc.constantFrom("1.5.15", "1.7.236", "1.10.26", "1.11.24", "unreadable"),
  role: fc.constantFrom("*", "services"),
  defaultNetwork: fc.constantFrom(undefined, "overlay"),
});

describe("a pod", function () {
  this.timeout(60_000);

  it("is taken by the check, also in normal form and with any server's facts", () => {
    fc.assert(
      fc.property(arbitraryPod, facts, (pod, server) => {
        deepEqual(checkPod(pod), []);
        deepEqual(checkPod(normalisePod(pod, server)), []);
      }),
    );
  });

  it("has one normal form", () => {
    fc.assert(
      fc.property(arbitraryPod, facts, (pod, server) => {
        const normal = normalisePod(pod, server);
        deepEqual(normalisePod(normal, server), normal);
      }),
    );
  });

  it("fits its TypeBox schema, also in normal form", () => {
    const { decode } = decoder(Pod);
    fc.assert(
      fc.property(arbitraryPod, (pod) => {
        equal(decode(JSON.parse(JSON.stringify(pod))).ok, true);
        equal(decode(JSON.parse(JSON.stringify(normalisePod(pod)))).ok, true);
      }),
    );
  });

  it("does not differ from itself, nor with its sets turned round", () => {
    fc.assert(
      fc.property(arbitraryPod, (pod) => {
        const normal = normalisePod(pod);
        const placement = pod.scheduling?.placement;
        const turned: Pod = {
          ...pod,
          ...(placement?.constraints && {
            scheduling: {
              ...pod.scheduling,
              placement: { ...placement, constraints: placement.constraints.toReversed() },
            },
          }),
        };
        deepEqual(diffPod(normal, normal), { kind: "none", paths: [] });
        equal(diffPod(normal, normalisePod(turned)).kind, "none");
      }),
    );
  });

  it("differs from another both ways or not at all", () => {
    fc.assert(
      fc.property(arbitraryPod, arbitraryPod, (a, b) => {
        const [one, other] = [normalisePod(a), normalisePod(b)];
        equal(diffPod(one, other).paths.length === 0, diffPod(other, one).paths.length === 0);
      }),
    );
  });

  it("differs where a field was changed", () => {
    fc.assert(
      fc.property(arbitraryPod, (pod) => {
        const labels = { kept: "x", ...pod.labels };
        const changed = { ...pod, user: `${pod.user ?? ""}x`, labels: { ...labels, changed: "x" } };
        deepEqual(
          diffPod(normalisePod({ ...pod, labels }), normalisePod(changed))
            .paths.map((p) => p.path)
            .sort(),
          ["labels.changed", "user"],
        );
      }),
    );
  });

  it("comes back from inputs", () => {
    fc.assert(
      fc.property(arbitraryPod, (pod) => {
        const inputs = toPodInputs(pod);
        deepEqual(toPodDocument(inputs), pod);
        deepEqual(checkPodInputs(inputs), []);
        equal(decoder(PodResourceInputs).decode(JSON.parse(JSON.stringify(inputs))).ok, true);
      }),
    );
  });

  it("is meant by its shortest inputs, which the check takes", () => {
    fc.assert(
      fc.property(arbitraryPod, facts, (pod, server) => {
        const running = normalisePod(pod, server);
        const inputs = shortestPodInputs(running, server);
        equal(diffPod(normalisePod(toPodDocument(inputs), server), running).kind, "none");
        deepEqual(checkPodInputs(inputs), []);
      }),
      { numRuns: 50 },
    );
  });
});

describe("any value as a pod", function () {
  this.timeout(60_000);

  it("is checked without a throw, whatever of it is unknown", () => {
    fc.assert(
      fc.property(almostPod, fc.func(fc.boolean()), (value, isUnknown) => {
        for (const check of [checkPod, checkPodInputs, checkPodRules]) {
          check(value);
          check(value, { isUnknown, isSecret: () => true });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is refused with a path and a message for each failure", () => {
    fc.assert(
      fc.property(almostPod, (value) => {
        for (const { path, message } of checkPod(value)) {
          equal(typeof path, "string");
          equal(/^\S/.test(message) && !message.endsWith("."), true, message);
        }
      }),
    );
  });
});
