// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  getApp,
  getAppOutput,
  getApps,
  getAppsOutput,
  getGroup,
  getGroupOutput,
  getInfo,
  getInfoOutput,
  getPod,
  getPodOutput,
} from "./marathon-functions";

const asked: { token: string; inputs: unknown }[] = [];

function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

describe("marathon's functions", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => ({ id: args.name, state: args.inputs }),
        call: ({ token, inputs }) => {
          asked.push({ token, inputs });
          return { version: "v1", apps: [] };
        },
      },
      "project",
      "stack",
      false,
    );
  });
  beforeEach(() => {
    asked.length = 0;
  });

  it("ask the plugin at once for what is plain", async () => {
    await getApp({ appId: "/web" });
    await getApps();
    await getGroup({ groupId: "/" });
    await getPod({ podId: "/pod" });
    deepEqual((await getInfo()).version, "v1");
    deepEqual(asked, [
      { token: "mesos:marathon:getApp", inputs: { appId: "/web" } },
      { token: "mesos:marathon:getApps", inputs: {} },
      { token: "mesos:marathon:getGroup", inputs: { groupId: "/" } },
      { token: "mesos:marathon:getPod", inputs: { podId: "/pod" } },
      { token: "mesos:marathon:getInfo", inputs: {} },
    ]);
  });

  it("wait for Inputs", async () => {
    await value(getAppOutput({ appId: pulumi.output("/web") }));
    await value(getAppsOutput({ groupId: pulumi.output("/shop"), labels: { tier: pulumi.output("web") } }));
    await value(getGroupOutput({ groupId: pulumi.output("/shop") }));
    await value(getPodOutput({ podId: pulumi.output("/shop/pod") }));
    await value(getInfoOutput());
    deepEqual(asked, [
      { token: "mesos:marathon:getApp", inputs: { appId: "/web" } },
      { token: "mesos:marathon:getApps", inputs: { groupId: "/shop", labels: { tier: "web" } } },
      { token: "mesos:marathon:getGroup", inputs: { groupId: "/shop" } },
      { token: "mesos:marathon:getPod", inputs: { podId: "/shop/pod" } },
      { token: "mesos:marathon:getInfo", inputs: {} },
    ]);
  });
});
