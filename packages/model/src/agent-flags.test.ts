// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { offerOf } from "./agent-flags";

describe("what a template's agents offer", () => {
  it("is what its flags say, reserved or not, and no more", () => {
    const command = [
      "mesos-agent",
      "--resources=cpus:2;cpus(web):1.5;mem:1024;ports:[{ports}]",
      "--attributes=group:web;rack:7",
    ];
    deepEqual(offerOf({ command }), {
      resources: { cpus: 3.5, mem: 1024 },
      attributes: { group: "web", rack: "7" },
    });
  });

  it("is nobody's guess where resources are JSON or not given", () => {
    const command = ["mesos-agent", '--resources=[{"name":"cpus"}]'];
    deepEqual(offerOf({ command }), { resources: {}, attributes: {} });
    deepEqual(offerOf({ command: ["mesos-agent"], env: { MESOS_ATTRIBUTES: "zone:a" } }).attributes, {
      zone: "a",
    });
  });
});
