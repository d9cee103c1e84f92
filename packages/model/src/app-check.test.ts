// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { checkApp, checkAppInputs, checkAppRules } from "./app-check";
import { fieldRefusals } from "./testing/app-refusals";
import { containerRefusals } from "./testing/app-refusals-container";
import { ruleRefusals } from "./testing/app-refusals-rules";
import { demoNginxNew, demoNginxOld } from "./testing/demo-nginx";

const lines = (failures: readonly { path: string; message: string }[]) =>
  failures.map(({ path, message }) => `${path}: ${message}`);
const isUnknown = (value: unknown) => value === "UNKNOWN";

describe("checkApp", () => {
  it("takes demo-nginx in its old and its new form", () => {
    deepEqual(checkApp(demoNginxOld), []);
    deepEqual(checkApp(demoNginxNew), []);
  });

  for (const { title, source, request, failures } of [
    ...fieldRefusals,
    ...ruleRefusals,
    ...containerRefusals,
  ]) {
    it(`refuses ${title} (${source})`, () => {
      deepEqual(lines(checkApp({ id: "/a", cmd: "sleep 100", ...request })), failures);
    });
  }

  it("reports everything at once", () => {
    const failures = checkApp({
      id: "/a",
      instances: -1,
      cpuss: 1,
      container: { docker: { image: "" } },
      healthChecks: [{ portIndex: 9 }, { timeoutSeconds: "x" }],
    });
    deepEqual(failures.map((f) => f.path).sort(), [
      "container.docker.image",
      "cpuss",
      "healthChecks[0].portIndex",
      "healthChecks[1].timeoutSeconds",
      "instances",
    ]);
  });

  it("says nothing about what is unknown, nor about what depends on it", () => {
    const app = { ...demoNginxNew, healthChecks: [{ portIndex: 7 }] };
    equal(checkApp(app).length, 1);
    const { container } = app;
    deepEqual(checkApp({ ...app, networks: "UNKNOWN" }, { isUnknown }), []);
    deepEqual(checkApp({ ...app, container: "UNKNOWN" }, { isUnknown }), []);
    deepEqual(checkApp({ ...app, container: { ...container, portMappings: "UNKNOWN" } }, { isUnknown }), []);
    deepEqual(checkApp({ ...app, healthChecks: [{ portIndex: "UNKNOWN" }] }, { isUnknown }), []);
    deepEqual(checkApp({ id: "/a", cmd: "UNKNOWN", args: ["x"] }, { isUnknown }), []);
    deepEqual(checkApp("UNKNOWN", { isUnknown }), []);
  });

  it("still judges what does not depend on an unknown", () => {
    const container = { ...demoNginxNew.container, docker: { image: "UNKNOWN" } };
    const app = { ...demoNginxNew, container, healthChecks: [{ path: "UNKNOWN", portIndex: 7 }] };
    deepEqual(
      checkApp(app, { isUnknown }).map((f) => f.path),
      ["healthChecks[0].portIndex"],
    );
  });

  it("never shows a secret", () => {
    const failures = checkApp(
      { id: "/a", cmd: "h", user: 4711, env: { A: 4712 } },
      { isSecret: (path) => path === "cmd" || path === "user" },
    );
    equal(failures.length, 3);
    equal(JSON.stringify(failures).match(/471|"h"/), null);
  });
});

describe("checkAppInputs", () => {
  it("calls the id appId", () => {
    deepEqual(lines(checkAppInputs({ appId: "/a/restart", cmd: "sleep 1" })), [
      "appId: must not end in restart, because Marathon's own paths end so; choose another last segment",
    ]);
    deepEqual(lines(checkAppInputs({ cmd: "sleep 1" })), ["appId: must be given"]);
    deepEqual(lines(checkAppInputs({ appId: "/a", id: "/a", version: "v", cmd: "sleep 1" })), [
      "id: unknown field, the app's path is called appId here",
      "version: is set by Marathon, remove it",
    ]);
  });
});

describe("checkAppRules", () => {
  it("leaves out what the schema says", () => {
    deepEqual(
      checkAppRules({ appId: "/a", cmd: "sleep 1", args: ["x"], nonsense: 1, instances: -1 }).map(
        (f) => f.path,
      ),
      ["args"],
    );
  });
});
