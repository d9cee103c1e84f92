// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { MarathonPodStatus } from "@pulumi-mesos/client";
import type { TaskEnd } from "../marathon/marathon-events";
import { StuckJudge } from "../marathon/stuck";
import { podLook } from "./pod-deploy";

const began = Date.UTC(2026, 0, 1);
const version = new Date(began).toISOString();
const older = new Date(began - 1_000).toISOString();
const instance = "loop.instance-0a1b2c3d-0000-0000-0000-000000000001";
const status = (more: Partial<MarathonPodStatus> = {}): MarathonPodStatus => ({
  id: "/loop",
  status: "DEGRADED",
  spec: { id: "/loop", version },
  instances: [],
  ...more,
});

/** A container of launch `n` that ended `seconds` after the deployment began. */
function end(container: string, n: number, seconds: number, more: Partial<TaskEnd> = {}): TaskEnd {
  return {
    path: "/loop",
    taskId: `${instance}.${container}.${n}`,
    state: "TASK_FAILED",
    message: "Failed to fetch",
    host: "agent",
    version,
    at: began + seconds * 1000,
    ...more,
  };
}

describe("what is judged of a pod's deployment", () => {
  it("counts a launch once, whichever of its containers ended, and only of the new version", () => {
    const ends = [
      end("main", 1, -9, { version: older }),
      ...[1, 2, 3].flatMap((n) => [end("main", n, n), end("side", n, n, { message: "killed with it" })]),
    ];
    const look = podLook(status(), undefined, ends, []);
    assert.deepEqual(
      look.ends.map(({ taskId, message }) => [taskId.slice(instance.length), message]).sort(),
      [1, 2, 3].map((n) => [`.${n}`, "Failed to fetch"]),
    );
  });

  it("is a crash loop after five launches that ended by themselves, none of which lasts", () => {
    const judge = new StuckJudge("/loop", 60);
    const ends = [1, 2, 3, 4].map((n) => end("main", n, n));
    judge.judge(podLook(status(), undefined, ends, []));
    assert.throws(() => judge.judge(podLook(status(), undefined, [...ends, end("main", 5, 5)], [])), {
      code: "MESOS_APP_STUCK",
      message:
        /^given up early: crash loop, 5 tasks of \/loop ended within 4 s, the last with TASK_FAILED on agent: Failed to fetch$/,
    });
  });

  it("sees stable instances of the new version, what moves, and what of it waits", () => {
    const instances = [
      { id: "a", status: "STABLE", specReference: `/v2/pods/loop::versions/${version}` },
      { id: "b", status: "STABLE", specReference: `/v2/pods/loop::versions/${older}` },
      { id: "c", status: "STAGING" },
    ];
    const queue = [{ pod: { id: "/loop" } }, { pod: { id: "/other" } }, { app: { id: "/loop" } }];
    const look = podLook(status({ instances }), { id: "d", currentStep: 2 }, [], queue);
    assert.deepEqual(look.runs, ["a"]);
    assert.equal(look.mark, "2,a STABLE,b STABLE,c STAGING");
    assert.deepEqual(look.queue, [{ pod: { id: "/loop" } }]);
  });
});
