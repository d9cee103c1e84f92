// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { computed } from "@pulumi-mesos/model";
import { deriveAuthority, keySeedLength } from "@pulumi-mesos/model/certificates";
import { checkConfig, parseConfig } from "./config";

describe("the provider's configuration", () => {
  it("takes how private addresses are reached, and refuses what is none without showing a password", () => {
    deepEqual(checkConfig({ access: "ssh://me@bastion" }), []);
    deepEqual(parseConfig({ access: "ssh://me@bastion" }).access, { by: "ssh", user: "me", host: "bastion" });
    equal(parseConfig({}).access, undefined);
    deepEqual(checkConfig({ access: computed }), []);
    const [failure] = checkConfig({ access: "ssh://me:hunter22@bastion" });
    equal(failure?.path, "access");
    match(failure?.message ?? "", /^must not hold a password/);
  });

  it("takes lists as lists and as JSON text, and the engine's version", () => {
    for (const marathonUrls of [["http://10.0.0.1:8080"], '["http://10.0.0.1:8080"]']) {
      deepEqual(checkConfig({ marathonUrls, version: "0.1.0" }), []);
      deepEqual(parseConfig({ marathonUrls }).marathonUrls, ["http://10.0.0.1:8080"]);
    }
    deepEqual(checkConfig({}), []);
  });

  it("takes what is not known yet", () => {
    deepEqual(
      checkConfig({ marathonUrls: computed, marathonUser: computed, marathonPassword: computed }),
      [],
    );
    deepEqual(checkConfig({ bambooUrls: ["http://a", computed] }), []);
  });

  it("refuses everything wrong at once", () => {
    const failures = checkConfig({
      marathonUrl: "http://a",
      marathonUrls: ["ftp://a", "nonsense"],
      bambooUrls: "http://a",
      marathonUser: "u",
    });
    deepEqual(failures.map((f) => f.path).sort(), [
      "bambooUrls",
      "marathonUrl",
      "marathonUrls[0]",
      "marathonUrls[1]",
      "marathonUser",
    ]);
    equal(failures[0]?.message, "unknown provider setting; did you mean marathonUrls?");
  });

  it("takes an address map as an object and as JSON text, and names what is wrong in it", () => {
    const addressMap = { "10.0.0.1:8080": "127.0.0.1:18080" };
    for (const given of [addressMap, JSON.stringify(addressMap)]) {
      deepEqual(checkConfig({ addressMap: given }), []);
      deepEqual(parseConfig({ addressMap: given }).addressMap, addressMap);
    }
    equal(parseConfig({}).addressMap, undefined);
    deepEqual(checkConfig({ addressMap: { "10.0.0.1:8080": computed } }), []);
    for (const wrong of [[], "nonsense", 7]) {
      match(checkConfig({ addressMap: wrong })[0]?.message ?? "", /^must be host:port by host:port such as/);
    }
    const parts = { "10.0.0.1": "127.0.0.1:1", "10.0.0.1:1": "127.0.0.1", "10.0.0.1:2": 7 };
    deepEqual(
      checkConfig({ addressMap: parts }).map(({ path }) => path),
      Object.keys(parts).map((key) => `addressMap["${key}"]`),
    );
  });

  it("takes masters at their own addresses alone", () => {
    deepEqual(checkConfig({ mesosUrls: ["http://10.0.0.1:5050", "http://m2:5050/"] }), []);
    const failures = checkConfig({
      mesosUrls: ["ftp://m:5050", "http://m:5050/mesos", "http://a:b@m:5050"],
    });
    deepEqual(
      failures.map((f) => f.path),
      ["mesosUrls[0]", "mesosUrls[1]", "mesosUrls[2]"],
    );
    equal(failures[2]?.message, "must not hold a user or password; use mesosUser and mesosPassword");
  });

  it("takes masters with TLS by an authority, all of them or none", () => {
    const { cert: mesosCa } = deriveAuthority("cluster", Buffer.alloc(keySeedLength));
    const secure = { mesosUrls: ["https://m1:5050", "https://m2:5050"], mesosCa };
    deepEqual(checkConfig(secure), []);
    equal(parseConfig(secure).mesosCa, mesosCa);
    const [mixed] = checkConfig({ mesosUrls: ["https://m1:5050", "http://m2:5050"] });
    match(
      `${mixed?.path}: ${mixed?.message}`,
      /^mesosUrls: must all begin with http:\/\/, or all with https/,
    );
    const [idle] = checkConfig({ mesosUrls: ["http://m1:5050"], mesosCa });
    match(`${idle?.path}: ${idle?.message}`, /^mesosCa: has no use, because no URL begins with https/);
  });

  it("takes a principal at the masters with its secret, and not one without the other", () => {
    const whole = { mesosUser: "ops", mesosPassword: "hush" };
    deepEqual(checkConfig(whole), []);
    equal(parseConfig(whole).mesosAuthorization, "Basic b3BzOmh1c2g=");
    equal(parseConfig({}).mesosAuthorization, undefined);
    for (const half of [{ mesosUser: "ops" }, { mesosPassword: "hush" }]) {
      const [failure] = checkConfig(half);
      match(failure?.message ?? "", /^mesosUser and mesosPassword go together; give mesos\w+ too$/);
    }
  });

  it("knows whether the stack makes the cluster, which nobody takes for granted", () => {
    equal(parseConfig({}).clusterInStack, false);
    for (const clusterInStack of [true, "true"]) equal(parseConfig({ clusterInStack }).clusterInStack, true);
    equal(checkConfig({ clusterInStack: "here" })[0]?.path, "clusterInStack");
  });

  it("never shows a password that stands in a URL", () => {
    const [failure] = checkConfig({ marathonUrls: ["http://user:hush@a"] });
    equal(failure?.message.includes("hush"), false);
    const [edge] = checkConfig({ bambooUrls: ["http://user:hush@a"] });
    equal(edge?.message, "must not hold a user or password; use bambooUser and bambooPassword");
  });

  it("checks how Marathon is reached by the settings' own names, showing no value", () => {
    const failures = checkConfig({
      marathonUrls: ["http://a"],
      marathonToken: "hush",
      marathonUser: "u",
      marathonKey: "hush",
      marathonInsecure: "yes",
    });
    deepEqual(failures.map((f) => f.path).sort(), [
      "marathonInsecure",
      "marathonKey",
      "marathonKey",
      "marathonToken",
      "marathonUser",
    ]);
    equal(JSON.stringify(failures).includes("hush"), false);
    deepEqual(checkConfig({ marathonUrls: ["https://a"], marathonInsecure: true, marathonToken: "t" }), []);
    equal(checkConfig({ marathonUrls: ["http://a"], marathonInsecure: "true" })[0]?.path, "marathonInsecure");
    deepEqual(
      checkConfig({ marathonUrls: computed, marathonInsecure: true, marathonCert: computed }).length,
      1,
    );
  });

  it("hands on how Marathon is reached, with booleans also as text", () => {
    const given = { marathonUrls: ["https://a"], marathonToken: "t", marathonInsecure: "true" };
    deepEqual(parseConfig(given).marathonConnection, { token: "t", insecure: true });
    deepEqual(parseConfig({}).marathonConnection, { insecure: false });
  });

  it("checks and hands on how the edge is reached, apart from Marathon", () => {
    const given = {
      bambooUrls: ["https://a"],
      bambooToken: "t",
      bambooInsecure: true,
      marathonUrls: ["http://m"],
    };
    deepEqual(checkConfig(given), []);
    deepEqual(parseConfig(given).bambooConnection, { token: "t", insecure: true });
    deepEqual(parseConfig(given).marathonConnection, { insecure: false });
    const failures = checkConfig({ bambooUrls: ["http://a"], bambooUser: "u", bambooKey: "hush" });
    deepEqual(failures.map((f) => f.path).sort(), ["bambooKey", "bambooKey", "bambooUser"]);
    equal(JSON.stringify(failures).includes("hush"), false);
  });
});
