// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { systemClock } from "../clock";
import { EventBus } from "../events";
import type { Instance } from "../instances/instance";
import { Tracker } from "../instances/tracker";
import type { Resource } from "../mesos/messages";
import { MemoryStore } from "../store/state-store";
import { splitOffer } from "./reservations";
import { Residents } from "./residents";

const instanceId = "pod.instance-426f0664-3e09-4349-81c6-3d8696134004";
const persistenceId = "pod#kept#1";
const instance: Instance = {
  id: instanceId,
  runSpecId: "/pod",
  version: "1",
  role: "web",
  condition: "Killed",
  wanted: false,
  incarnation: 1,
  since: 0,
  createdAt: 0,
  unreachable: "disabled",
  reservation: {
    volumes: [{ containerPath: "kept", uuid: "1", persistenceId }],
    agentId: "S0",
    host: "a",
    attributes: {},
    confirmed: true,
  },
};

function reserved(name: string, value: number, disk?: Resource["disk"]): Resource {
  const labels = [
    { key: "marathon_framework_id", value: "F" },
    { key: "marathon_task_id", value: instanceId },
  ];
  return {
    name,
    type: "SCALAR",
    scalar: { value },
    reservations: [{ type: "DYNAMIC", role: "web", labels: { labels } }],
    ...(disk === undefined ? {} : { disk }),
  };
}

/** SPEC-marathon.md, "Persistent volumes": what is reserved for instances that are not known. */
describe("marathon: reservations that an instance leaves behind", () => {
  it("wants offers until the volumes came back, which a pod's executor holds longer than its tasks", () => {
    const residents = new Residents({
      clock: systemClock,
      tracker: new Tracker(new MemoryStore(), new EventBus(systemClock)),
      newId: () => "id",
      principal: undefined,
      timeoutMs: 1_000,
      changed: () => undefined,
    });
    const release = (...resources: Resource[]) => {
      const offer = { id: { value: "O" }, agent_id: { value: "S0" }, hostname: "a", resources };
      return residents.release(splitOffer(offer, "F")).map((operation) => operation.type);
    };
    residents.subscribed("F");
    residents.gone(instance);
    assert.deepEqual(release(reserved("cpus", 0.1), reserved("mem", 32)), ["UNRESERVE"]);
    assert.equal(residents.cleaning, true);
    const volume = {
      persistence: { id: persistenceId },
      volume: { container_path: "kept", mode: "RW" as const },
    };
    assert.deepEqual(release(reserved("cpus", 0.1), reserved("disk", 10, volume)), ["DESTROY", "UNRESERVE"]);
    assert.equal(residents.cleaning, false);
    residents.close();
  });
});
