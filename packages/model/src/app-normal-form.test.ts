// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { checkApp } from "./app-check";
import { normaliseApp } from "./app-normal-form";
import { defaultServerFacts } from "./server-facts";
import { scalarAnswers } from "./testing/app-answers";
import { checkAnswers } from "./testing/app-answers-checks";
import { networkAnswers } from "./testing/app-answers-networks";
import { demoNginxAnswer, demoNginxNew, demoNginxOld, demoNginxRead } from "./testing/demo-nginx";

const answers = [...scalarAnswers, ...networkAnswers, ...checkAnswers];

describe("normaliseApp", () => {
  it("gives the documented answer for demo-nginx in its old and its new form (§6.4 A)", () => {
    deepEqual(normaliseApp(demoNginxOld), demoNginxAnswer);
    deepEqual(normaliseApp(demoNginxNew), demoNginxAnswer);
  });

  it("drops what Marathon alone sets from a read and keeps the assigned port (§6.4 B)", () => {
    const { version: _, versionInfo: __, ...rest } = demoNginxRead;
    const { tasksStaged: ___, tasksRunning: ____, tasksHealthy: _____, ...more } = rest;
    const { tasksUnhealthy: ______, deployments: _______, tasks: ________, ...expected } = more;
    deepEqual(normaliseApp(demoNginxRead), expected);
  });

  for (const { title, source, request, answer, absent = [], server } of answers) {
    it(`${title} (${source})`, () => {
      const document = { id: "/a", cmd: "sleep 100", ...request };
      const normal: Record<string, unknown> = normaliseApp(document, { ...defaultServerFacts, ...server });
      for (const [key, value] of Object.entries(answer)) deepEqual(normal[key], value, key);
      deepEqual(
        absent.filter((key) => key in normal),
        [],
      );
      deepEqual(normaliseApp(normal, { ...defaultServerFacts, ...server }), normal);
      deepEqual(checkApp(normal), []);
    });
  }

  it("has at least 60 documented pairs", () => {
    equal(answers.length + 3 >= 60, true);
  });

  it("passes on what does not fit, wherever it stands", () => {
    const unknown = Symbol("unknown");
    for (const key of Object.keys({ ...demoNginxAnswer, portDefinitions: 0, fetch: 0, uris: 0, ports: 0 })) {
      normaliseApp({ ...demoNginxNew, [key]: unknown });
      normaliseApp({ ...demoNginxNew, [key]: [unknown] });
    }
    deepEqual(normaliseApp({ ...demoNginxNew, networks: unknown, instances: unknown }).instances, unknown);
  });
});
