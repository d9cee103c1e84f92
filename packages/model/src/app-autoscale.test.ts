// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { toDocument } from "./app";
import {
  type AppAutoscale,
  appOfScale,
  appScalePath,
  describeAppAutoscale,
  fillAppAutoscale,
  heldToBounds,
} from "./app-autoscale";
import { checkAppInputs } from "./app-check";
import { computed } from "./computed";
import { checkGroupInputs } from "./group-check";

const app = { appId: "/web", cmd: "sleep 1" };
const failures = (inputs: object): string =>
  checkAppInputs(inputs, { isUnknown: (value) => value === computed })
    .map(({ path, message }) => `${path}: ${message}`)
    .join("\n");
const refused = (policy: unknown, more: object = {}): string =>
  failures({ ...app, ...more, autoscale: policy });

describe("an app that follows its traffic", () => {
  it("needs bounds and one target", () => {
    equal(refused({ min: 1, max: 5, targetRps: 50 }), "");
    equal(refused({ min: 1, max: 5, targetConcurrency: 0.5 }), "");
    equal(
      refused({ min: 1, max: 5 }),
      "autoscale: must have targetRps or targetConcurrency: what one instance is good for",
    );
    equal(
      refused({ min: 1, max: 5, targetRps: 50, targetConcurrency: 2 }),
      "autoscale: must have targetRps or targetConcurrency, not both",
    );
    equal(refused({ targetRps: 1 }), "autoscale.min: must be given\nautoscale.max: must be given");
  });

  it("refuses bounds that cross, none at all, and targets that are no load", () => {
    const more = { targetRps: 50 };
    equal(
      refused({ min: 6, max: 5, ...more }),
      "autoscale.min: must be max (5) or less, got 6; raise max or lower min",
    );
    equal(refused({ min: 0, max: 5, ...more }), "autoscale.min: must be 1 or more, got 0");
    equal(refused({ min: 1, max: 5, targetRps: 0 }), "autoscale.targetRps: must be more than 0, got 0");
    equal(
      refused({ min: 1, max: 5, targetConcurrency: -1 }),
      "autoscale.targetConcurrency: must be more than 0, got -1",
    );
    equal(
      refused({ min: 1, max: 5, targetRPS: 3, ...more }),
      'autoscale.targetRPS: unknown field, did you mean "targetRps"?',
    );
  });

  it("says nothing about what is not known yet", () => {
    equal(refused({ min: computed, max: 5, targetRps: computed }), "");
    equal(refused(computed), "");
  });

  it("has no second owner of its instances, and instances that are alike", () => {
    const policy = { min: 2, max: 5, targetRps: 50 };
    equal(refused(policy, { instances: 3 }), "");
    equal(
      refused(policy, { instances: 9 }),
      "instances: must be from 2 to 5 (autoscale), got 9: it is only how many the app begins with; leave it out to begin with min",
    );
    equal(
      refused(policy, { manageInstances: false }),
      "manageInstances: must be left out with autoscale, which owns instances, got false",
    );
    const single = { labels: { MARATHON_SINGLE_INSTANCE_APP: "true" }, instances: 1 };
    const zero = { upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 } };
    equal(
      refused({ ...policy, min: 1 }, { ...single, ...zero }),
      "autoscale: must be left out with the label MARATHON_SINGLE_INSTANCE_APP, which allows one instance",
    );
    const volume = { containerPath: "data", mode: "RW", persistent: { size: 10 } };
    equal(
      refused(policy, { container: { type: "MESOS", volumes: [volume] } }),
      "autoscale: must be left out with persistent volumes: an instance that goes would leave its data behind",
    );
  });

  it("is an app of its own, not one of a group", () => {
    const inGroup = { id: "web", cmd: "sleep 1", autoscale: { min: 1, max: 2, targetRps: 1 } };
    const found = checkGroupInputs({ groupId: "/shop", apps: [inGroup] });
    deepEqual(
      found.map(({ path, message }) => `${path}: ${message}`),
      [
        "apps[0].autoscale: is for a mesos.marathon.App of its own: write this app as one; its id may lie in the group where the group gives no apps",
      ],
    );
  });

  it("begins with what the program says, or with the least", () => {
    const autoscale: AppAutoscale = { min: 2, max: 5, targetRps: 50 };
    deepEqual(toDocument({ ...app, autoscale }), { id: "/web", cmd: "sleep 1", instances: 2 });
    deepEqual(toDocument({ ...app, autoscale, instances: 4 }), { id: "/web", cmd: "sleep 1", instances: 4 });
    deepEqual(
      [0, 1, 3, 9].map((n) => heldToBounds(n, autoscale)),
      [0, 2, 3, 5],
    );
  });

  it("has the defaults of Kubernetes' HPA, and is told in one line", () => {
    const filled = fillAppAutoscale({
      min: 1,
      max: 5,
      targetConcurrency: 8,
      scaleDown: { maxStepShare: 0.5 },
    });
    deepEqual(filled.scaleUp, { stabilizationSeconds: 0, maxStep: 4, maxStepShare: 1, periodSeconds: 15 });
    deepEqual(filled.scaleDown, {
      stabilizationSeconds: 300,
      maxStep: 1,
      maxStepShare: 0.5,
      periodSeconds: 15,
    });
    deepEqual([filled.by, filled.target, filled.tolerance], ["concurrency", 8, 0.1]);
    equal(
      describeAppAutoscale({ min: 2, max: 20, targetRps: 50 }),
      "2 to 20 instances by traffic, 50 requests/s each, grows by 4 or 100 % in 15 s, shrinks after 300 s without need, by 1 or 100 % in 15 s",
    );
  });

  it("has a node that its path can be read from", () => {
    const path = appScalePath("demo", "/shop/web.1");
    equal(path, "/pulumi-mesos/demo/apps/%2Fshop%2Fweb.1");
    equal(appOfScale(path.split("/").at(-1) ?? ""), "/shop/web.1");
  });
});
