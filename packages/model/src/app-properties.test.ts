// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { App, AppResourceInputs, toDocument, toInputs } from "./app";
import { checkApp, checkAppInputs, checkAppRules } from "./app-check";
import { diffApp } from "./app-diff";
import { normaliseApp } from "./app-normal-form";
import { decoder } from "./failures";
import { keptFacts, knownFacts } from "./server-facts";
import { almostApp, arbitraryApp } from "./testing/arbitrary-app";

const facts = fc.record({
  version: fc.constantFrom("1.5.15", "1.7.236", "1.8.232", "1.9.109", "1.10.26", "1.11.24", "unreadable"),
  role: fc.constantFrom("*", "services"),
  defaultNetwork: fc.constantFrom(undefined, "overlay"),
});

/** The app without the ports that a diff reads differently from its two sides. */
function withoutPorts(app: App): App {
  const { portDefinitions: _, ports: __, container, ...rest } = app;
  return {
    ...rest,
    container: container?.type === "MESOS" ? { type: "MESOS" } : undefined,
    healthChecks: [],
  };
}

describe("an app", function () {
  this.timeout(60_000);

  it("is taken by the check, also in normal form and with any server's facts", () => {
    fc.assert(
      fc.property(arbitraryApp, facts, (app, server) => {
        deepEqual(checkApp(app), []);
        deepEqual(checkApp(normaliseApp(app, server)), []);
      }),
    );
  });

  it("has one normal form", () => {
    fc.assert(
      fc.property(arbitraryApp, facts, (app, server) => {
        const normal = normaliseApp(app, server);
        deepEqual(normaliseApp(normal, server), normal);
      }),
    );
  });

  it("has the same normal form with what a state keeps of the server's facts", () => {
    fc.assert(
      fc.property(arbitraryApp, facts, (app, server) => {
        deepEqual(normaliseApp(app, knownFacts(keptFacts(server))), normaliseApp(app, server));
      }),
    );
    equal(keptFacts({ version: "1.11.24", role: "*" }), undefined);
  });

  it("fits its TypeBox schema, also in normal form", () => {
    const { decode } = decoder(App);
    fc.assert(
      fc.property(arbitraryApp, (app) => {
        equal(decode(JSON.parse(JSON.stringify(app))).ok, true);
        equal(decode(normaliseApp(app)).ok, true);
      }),
    );
  });

  it("does not differ from itself, nor with its sets turned round", () => {
    fc.assert(
      fc.property(arbitraryApp, (app) => {
        const normal = normaliseApp(app);
        const turned: App = {
          ...app,
          healthChecks: app.healthChecks?.toReversed(),
          constraints: app.constraints?.toReversed(),
          dependencies: app.dependencies?.toReversed(),
        };
        deepEqual(diffApp(normal, normal), { kind: "none", paths: [] });
        equal(diffApp(normal, normaliseApp(turned)).kind, "none");
      }),
    );
  });

  it("differs from another both ways or not at all, assigned ports aside", () => {
    fc.assert(
      fc.property(arbitraryApp, arbitraryApp, (a, b) => {
        const [one, other] = [normaliseApp(withoutPorts(a)), normaliseApp(withoutPorts(b))];
        equal(diffApp(one, other).paths.length === 0, diffApp(other, one).paths.length === 0);
      }),
    );
  });

  it("differs where a field was changed", () => {
    fc.assert(
      fc.property(arbitraryApp, (app) => {
        const changed = { ...app, user: `${app.user ?? ""}x`, labels: { ...app.labels, changed: "x" } };
        deepEqual(
          diffApp(normaliseApp(app), normaliseApp(changed))
            .paths.map((p) => p.path)
            .sort(),
          ["labels.changed", "user"],
        );
      }),
    );
  });

  it("comes back from inputs", () => {
    fc.assert(
      fc.property(arbitraryApp, (app) => {
        const inputs = toInputs({ ...app, version: "v" });
        deepEqual(toDocument(inputs), app);
        deepEqual(checkAppInputs(inputs), []);
        equal(decoder(AppResourceInputs).decode(JSON.parse(JSON.stringify(inputs))).ok, true);
      }),
    );
  });
});

describe("any value", function () {
  this.timeout(60_000);

  it("is checked without a throw, whatever of it is unknown", () => {
    fc.assert(
      fc.property(almostApp, fc.func(fc.boolean()), (value, isUnknown) => {
        for (const check of [checkApp, checkAppInputs, checkAppRules]) {
          check(value);
          check(value, { isUnknown, isSecret: () => true });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is refused with a path and a message for each failure", () => {
    fc.assert(
      fc.property(almostApp, (value) => {
        for (const { path, message } of checkApp(value)) {
          equal(typeof path, "string");
          equal(/^\S/.test(message) && !message.endsWith("."), true, message);
        }
      }),
    );
  });
});
