// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "./provider";

/** How Pulumi marks a secret on its way to the engine. */
const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const made: pulumi.runtime.MockResourceArgs[] = [];

describe("Provider", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          made.push(args);
          return { id: args.name, state: args.inputs };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
  });

  it("keeps password, token and key secret, and sends the rest as it is", async () => {
    const open = {
      marathonUrls: ["https://marathon.example:8443"],
      marathonUser: "u",
      marathonCa: "ca",
      marathonCert: "cert",
      marathonInsecure: false,
      bambooUrls: ["https://edge.example:8000"],
      bambooUser: "u",
      bambooCa: "ca",
    };
    const hidden = {
      marathonPassword: "p",
      marathonToken: "t",
      marathonKey: "k",
      bambooPassword: "p",
      bambooToken: "t",
      bambooKey: "k",
    };
    const provider = new Provider("mine", { ...open, ...hidden });
    await new Promise((resolve) => provider.urn.apply(resolve));
    const sent = made.find((m) => m.name === "mine");
    equal(sent?.type, "pulumi:providers:mesos");
    const secrets = Object.entries(hidden).map(([key, value]) => [key, { ...mark, value }]);
    deepEqual(sent?.inputs, { ...open, ...Object.fromEntries(secrets) });
  });
});
