// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { toDocument } from "./app";
import { checkAppInputs } from "./app-check";
import { diffApp } from "./app-diff";
import { normaliseApp } from "./app-normal-form";
import { shortestInputs } from "./app-shortest";
import { arbitraryApp } from "./testing/arbitrary-app";
import { demoNginxRead } from "./testing/demo-nginx";

const facts = fc.record({
  version: fc.constantFrom("1.5.15", "1.7.236", "1.10.26"),
  role: fc.constantFrom("*", "services"),
  defaultNetwork: fc.constantFrom(undefined, "overlay"),
});
const server = { version: "1.10.26", role: "*" };

describe("the shortest inputs that mean what runs", function () {
  this.timeout(60_000);

  it("mean what runs, and are taken by the check", () => {
    fc.assert(
      fc.property(arbitraryApp, facts, (app, given) => {
        const inputs = shortestInputs(normaliseApp(app, given), given);
        deepEqual(checkAppInputs(inputs), []);
        const again = normaliseApp(toDocument(inputs), given);
        equal(diffApp(normaliseApp(app, given), again).kind, "none");
        deepEqual(shortestInputs(again, given), inputs);
      }),
    );
  });

  it("are the whole app again, ports that Marathon assigns aside", () => {
    fc.assert(
      fc.property(arbitraryApp, facts, (app, given) => {
        const pinned = { ...app, labels: { ...app.labels, HAPROXY_GROUP: "external" } };
        const normal = normaliseApp(pinned, given);
        const again = normaliseApp(toDocument(shortestInputs(normal, given)), given);
        equal(diffApp(again, normal).kind, "none");
        equal(diffApp(normal, again).kind, "none");
      }),
    );
  });

  it("hold nothing that can be left out", () => {
    fc.assert(
      fc.property(arbitraryApp, facts, (app, given) => {
        const normal = normaliseApp(app, given);
        const inputs = shortestInputs(normal, given);
        for (const key of Object.keys(inputs).filter((k) => k !== "appId")) {
          const { [key as "cmd"]: _, ...less } = inputs;
          const meant = diffApp(
            normaliseApp(toDocument(inputs), given),
            normaliseApp(toDocument(less), given),
          );
          const back = diffApp(
            normaliseApp(toDocument(less), given),
            normaliseApp(toDocument(inputs), given),
          );
          equal(meant.kind === "none" && back.kind === "none", false, key);
        }
      }),
    );
  });

  it("of an answer of Marathon are what somebody would write", () => {
    deepEqual(shortestInputs(demoNginxRead, server), {
      appId: "/demo-nginx",
      cpus: 0.1,
      mem: 64,
      instances: 2,
      container: { docker: { image: "nginx" }, portMappings: [{ containerPort: 80 }] },
      networks: [{ mode: "container/bridge" }],
      healthChecks: [
        {
          gracePeriodSeconds: 30,
          intervalSeconds: 10,
          path: "/",
          timeoutSeconds: 5,
        },
      ],
    });
  });

  it("keep a service port that is not Marathon's to assign, or whose number matters", () => {
    const mapped = (servicePort: number, labels = {}) =>
      shortestInputs(
        {
          id: "/web",
          labels,
          container: { docker: { image: "nginx" }, portMappings: [{ containerPort: 80, servicePort }] },
          networks: [{ mode: "container/bridge" }],
        },
        server,
      ).container?.portMappings?.[0]?.servicePort;
    equal(mapped(10_000), undefined);
    equal(mapped(9090), 9090);
    equal(mapped(10_000, { HAPROXY_GROUP: "external" }), 10_000);
    const required = {
      id: "/web",
      cmd: "exec sleep 1",
      requirePorts: true,
      portDefinitions: [{ port: 10_005 }],
    };
    deepEqual(shortestInputs(required, server).portDefinitions, [{ port: 10_005 }]);
  });
});
