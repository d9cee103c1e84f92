// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import { roleViolations } from "../group/roles";
import { appConstraintProblem } from "./constraint-rules";
import { pathProblem } from "./path-id";
import { type App, type AppDefaults, portsOf } from "./types";
import { checkViolations } from "./validate-checks";
import { double, featureViolations } from "./validate-features";
import { appNetworkViolations } from "./validate-networks";
import { volumeViolations } from "./validate-volumes";

interface Rule {
  readonly path: string;
  readonly when: (app: App) => boolean;
  readonly message: string | ((app: App) => string);
}

const isSingle = (a: App) => a.labels["MARATHON_SINGLE_INSTANCE_APP"] === "true";

const rules: readonly Rule[] = [
  {
    path: "/id",
    when: (a) => a.id === "/",
    message: "Path must contain at least one path element",
  },
  { path: "/", when: (a) => a.id === "/", message: "must not be root" },
  { path: "/id", when: (a) => pathProblem(a.id) !== undefined, message: (a) => pathProblem(a.id) ?? "" },
  {
    path: "/",
    when: (a) =>
      (a.cmd !== undefined && a.args !== undefined) ||
      (a.cmd === undefined && a.args === undefined && a.container?.docker === undefined),
    message: "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
  },
  {
    path: "/",
    when: (a) => a.cmd !== undefined && a.cmd.length <= 1,
    message: "must not be an empty string",
  },
  {
    path: "/container/docker",
    when: (a) => a.container?.type === "DOCKER" && a.container.docker === undefined,
    message: "not defined",
  },
  {
    path: "/unreachableStrategy",
    when: (a) =>
      a.unreachableStrategy !== "disabled" &&
      a.unreachableStrategy.inactiveAfterSeconds > a.unreachableStrategy.expungeAfterSeconds,
    message: "inactiveAfterSeconds must be less or equal to expungeAfterSeconds",
  },
  {
    path: "/",
    when: (a) => isSingle(a) && a.instances > 1,
    message: "Single instance app may only have one instance",
  },
  ...(["minimumHealthCapacity", "maximumOverCapacity"] as const).map(
    (name): Rule => ({
      path: `/upgradeStrategy/${name}`,
      when: (a) => isSingle(a) && a.upgradeStrategy[name] !== 0,
      message: (a) => `got ${double(a.upgradeStrategy[name])}, expected 0.0`,
    }),
  ),
  {
    path: "/acceptedResourceRoles",
    when: (a) => a.acceptedResourceRoles !== undefined && a.acceptedResourceRoles.length === 0,
    message: "must not be empty",
  },
  {
    path: "/acceptedResourceRoles",
    when: (a) => (a.acceptedResourceRoles ?? []).some((r) => r !== "*" && r !== a.role),
    message: (a) => `acceptedResourceRoles can only contain *, ${a.role}`,
  },
  {
    path: "/readinessChecks/size",
    when: (a) => a.readinessChecks.length > 1,
    message: (a) => `got ${a.readinessChecks.length}, expected 1 or less`,
  },
];

function readinessViolations(app: App): Violation[] {
  const names = portsOf(app).map((p) => p.name);
  return app.readinessChecks.flatMap(({ portName, timeoutSeconds, intervalSeconds }, i) => {
    const found: Violation[] = [];
    const refuse = (key: string, error: string) =>
      found.push({ path: `/readinessChecks(${i})/${key}`, errors: [error] });
    if (!names.includes(portName))
      refuse("portName", `No port definition reference for portName ${portName}`);
    if (timeoutSeconds >= intervalSeconds)
      refuse("timeoutSeconds", `got ${timeoutSeconds}, expected less than ${intervalSeconds}`);
    return found;
  });
}

/** Every rule that `app` breaks, in the order of the document; `prefix` leads the paths. */
export function validateApp(app: App, defaults: AppDefaults, prefix = ""): Violation[] {
  const violations: Violation[] = rules
    .filter((rule) => rule.when(app))
    .map((rule) => ({
      path: rule.path,
      errors: [typeof rule.message === "string" ? rule.message : rule.message(app)],
    }));
  violations.push(
    ...roleViolations(app.role, defaults),
    ...appNetworkViolations(app),
    ...checkViolations(app),
    ...readinessViolations(app),
    ...featureViolations(app, defaults.features ?? new Set()),
    ...volumeViolations(app, defaults.features ?? new Set()),
    ...app.constraints.flatMap((constraint, i) => {
      const problem = appConstraintProblem(constraint);
      return problem === undefined ? [] : [{ path: `/constraints(${i})`, errors: [problem] }];
    }),
    ...app.dependencies.flatMap((id, i) => {
      const problem = pathProblem(id);
      return problem === undefined ? [] : [{ path: `/dependencies(${i})`, errors: [problem] }];
    }),
  );
  return violations.map((v) => ({
    path: v.path === "/" ? prefix || "/" : prefix + v.path,
    errors: v.errors,
  }));
}
