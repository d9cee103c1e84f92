// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { inputChecker } from "./check-inputs";
import { computed, hasComputed } from "./computed";
import { ProcessSpec } from "./local-process";
import { nearest } from "./nearest";

const check = inputChecker(ProcessSpec);

describe("inputChecker", () => {
  it("finds nothing wrong with what fits", () => {
    deepEqual(check({ name: "a", command: ["sleep"], listen: [{ host: "127.0.0.1", port: 1 }] }), []);
  });

  it("takes computed values for right, wherever they are", () => {
    deepEqual(
      check({ name: computed, command: ["a", computed], env: computed, ready: computed, restart: computed }),
      [],
    );
  });

  it("reports everything at once, each with its path", () => {
    const failures = check({
      command: [],
      listen: [{ host: "h", port: 70000 }],
      restart: "never ever",
      stop: { signal: "SIGHUP", graceSeconds: 1 },
    });
    deepEqual(failures.map((f) => `${f.path}: ${f.message}`).sort(), [
      "command: must have 1 or more elements, got 0",
      "listen[0].port: must be between 1 and 65535, got 70000",
      "name: must be given",
      'restart: must be "always", "on-failure" or "never", got "never ever"',
      'stop.signal: must be "SIGTERM", "SIGINT", "SIGQUIT" or "SIGUSR1", got "SIGHUP"',
    ]);
  });

  it("names the nearest property for an unknown one, computed or not", () => {
    const failures = check({ name: "a", command: ["b"], comand: computed, zzzzzzzz: 1 });
    equal(failures.find((f) => f.path === "comand")?.message, 'unknown field, did you mean "command"?');
    equal(
      failures
        .find((f) => f.path === "zzzzzzzz")
        ?.message.startsWith("unknown field, allowed are name, command"),
      true,
    );
  });

  it("checks the names of a map, and bounds that are left out", () => {
    const failures = check({
      name: "a",
      command: ["b"],
      env: { "1st": "x" },
      ready: { timeoutSeconds: 0, tcp: "h:1" },
    });
    deepEqual(
      failures.map((f) => `${f.pointer} ${f.path}: ${f.message}`),
      [
        '/env/1st env["1st"]: the name must match ^[A-Za-z_][A-Za-z0-9_]*$',
        "/ready/timeoutSeconds ready.timeoutSeconds: must be more than 0, got 0",
      ],
    );
  });

  it("takes no null for an absent value", () => {
    deepEqual(
      check({ name: "a", command: ["b"], cwd: null }).map((f) => f.message),
      ["must be a string, got nothing"],
    );
  });

  it("never shows a secret", () => {
    const [failure] = check({ name: "hush hush", command: ["b"] }, { isSecret: (p) => p === "/name" });
    equal(failure?.message.includes("hush"), false);
  });
});

describe("computed", () => {
  it("is found at any depth", () => {
    equal(hasComputed({ a: [{ b: computed }] }), true);
    equal(hasComputed({ a: [{ b: null }] }), false);
  });
});

describe("nearest", () => {
  it("finds a slip of the finger and nothing far", () => {
    equal(nearest("comand", ["command", "cwd"]), "command");
    equal(nearest("instances", ["command", "cwd"]), undefined);
  });
});
