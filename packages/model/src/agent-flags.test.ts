// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { offerOf } from "./agent-flags";

describe("what a template's agents offer", () => {
  it("is what its flags say to everybody, and no more", () => {
    const command = [
      "mesos-agent",
      "--resources=cpus:2;cpus(web):1.5;mem:1024;ports:[{ports}]",
      "--attributes=group:web;rack:7",
    ];
    deepEqual(offerOf({ command }), {
      resources: { cpus: 2, mem: 1024 },
      attributes: { group: "web", rack: "7" },
      role: "*",
    });
  });

  it("has attributes as Marathon compares them", () => {
    const { attributes } = offerOf({
      command: ["mesos-agent", "--attributes=iops:1000;load:0.12345;slots:[7-9,1-2]"],
    });
    deepEqual(attributes, { iops: "1,000", load: "0.123", slots: "[1-2,7-9]" });
  });

  it("is for the role that its flags reserve all for", () => {
    const command = ["mesos-agent", "--resources=cpus:2;mem:1024", "--default_role=slave_public"];
    deepEqual(offerOf({ command }), {
      resources: { cpus: 2, mem: 1024 },
      attributes: {},
      role: "slave_public",
    });
    deepEqual(offerOf({ command: ["mesos-agent", "--resources=cpus(db):2;mem(db):64"] }).role, "db");
    deepEqual(offerOf({ command: ["mesos-agent", "--default_role=db"] }).role, "db");
  });

  it("tells where its agents are, unless only their machine knows", () => {
    const at = (zone: string) => {
      const domain = { fault_domain: { region: { name: "eu" }, zone: { name: zone } } };
      const { region, zone: found } = offerOf({
        command: ["mesos-agent", `--domain=${JSON.stringify(domain)}`],
      });
      return [region, found];
    };
    deepEqual(at("eu-a"), ["eu", "eu-a"]);
    deepEqual(at("{zone}"), ["eu", undefined]);
    deepEqual(offerOf({ command: ["mesos-agent", "--domain=file:///etc/domain"] }).zone, undefined);
  });

  it("is nobody's guess where resources are JSON or not given", () => {
    const command = ["mesos-agent", '--resources=[{"name":"cpus"}]'];
    deepEqual(offerOf({ command }), { resources: {}, attributes: {} });
    deepEqual(offerOf({ command: ["mesos-agent"], env: { MESOS_ATTRIBUTES: "zone:a" } }).attributes, {
      zone: "a",
    });
  });
});
