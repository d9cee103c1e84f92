// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import { roleViolations } from "../group/roles";
import { pathProblem } from "./path-id";
import { type App, type AppDefaults, isHostMode, portsOf } from "./types";
import { checkViolations } from "./validate-checks";
import { featureViolations } from "./validate-features";
import { volumeViolations } from "./validate-volumes";

interface Rule {
  readonly path: string;
  readonly when: (app: App) => boolean;
  readonly message: string | ((app: App) => string);
}

const operators = new Set(["UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS"]);
const networkName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const rules: readonly Rule[] = [
  { path: "/id", when: (a) => a.id === "/", message: "must not be '/'" },
  { path: "/id", when: (a) => pathProblem(a.id) !== undefined, message: (a) => pathProblem(a.id) ?? "" },
  {
    path: "/",
    when: (a) =>
      (a.cmd !== undefined && a.args !== undefined) ||
      (a.cmd === undefined && a.args === undefined && a.container?.docker === undefined),
    message: "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
  },
  {
    path: "/cmd",
    when: (a) => a.cmd !== undefined && a.cmd.length <= 1,
    message: "must have a length greater than 1",
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
    path: "/labels",
    when: (a) =>
      a.labels["MARATHON_SINGLE_INSTANCE_APP"] === "true" &&
      (a.instances > 1 ||
        a.upgradeStrategy.maximumOverCapacity !== 0 ||
        a.upgradeStrategy.minimumHealthCapacity !== 0),
    message: "Single instance app may only have one instance, and needs an upgradeStrategy of 0 and 0",
  },
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
    path: "/upgradeStrategy",
    when: (a) => !(a.upgradeStrategy.minimumHealthCapacity >= 0),
    message: "is less than 0",
  },
  {
    path: "/readinessChecks",
    when: (a) => a.readinessChecks.length > 1,
    message: "may have at most one readiness check",
  },
  {
    path: "/readinessChecks(0)/portName",
    when: (a) => a.readinessChecks.some((c) => !portsOf(a).some((p) => p.name === c.portName)),
    message: "No port definition or port mapping reference this readiness check's portName",
  },
  {
    path: "/readinessChecks(0)/timeoutSeconds",
    when: (a) => a.readinessChecks.some((c) => c.timeoutSeconds >= c.intervalSeconds),
    message: "Timeout must be less than interval.",
  },
];

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
    ...networkViolations(app),
    ...portViolations(app),
    ...checkViolations(app),
    ...featureViolations(app, defaults.features ?? new Set()),
    ...volumeViolations(app, defaults.features ?? new Set()),
    ...constraintViolations(app),
  );
  return violations.map((v) => ({
    path: v.path === "/" ? prefix || "/" : prefix + v.path,
    errors: v.errors,
  }));
}

function networkViolations(app: App): Violation[] {
  const modes = app.networks.map((n) => n.mode);
  const found: Violation[] = [];
  if (new Set(modes).size > 1 || (modes.length > 1 && modes[0] !== "container")) {
    found.push({
      path: "/networks",
      errors: ["Host networking and bridge networking may only be used alone"],
    });
  }
  app.networks.forEach((n, i) => {
    if (n.mode === "container" && n.name === undefined) {
      found.push({
        path: "/networks",
        errors: [
          "either container network names must be specified, or else a --default_network_name must be set",
        ],
      });
    }
    if (n.name !== undefined && (n.mode !== "container" || !networkName.test(n.name))) {
      found.push({ path: `/networks(${i})/name`, errors: ["a name is allowed for container networks only"] });
    }
  });
  if (app.container?.type === "DOCKER" && modes.filter((m) => m === "container").length > 1) {
    found.push({
      path: "/",
      errors: ["must have at most one container network when using the Docker containerizer"],
    });
  }
  return found;
}

function portViolations(app: App): Violation[] {
  const path = isHostMode(app) ? "/portDefinitions" : "/container/portMappings";
  const ports = portsOf(app);
  const found: Violation[] = [];
  const names = ports.flatMap((p) => (p.name === undefined ? [] : [p.name]));
  if (new Set(names).size < names.length) found.push({ path, errors: ["Port names must be unique."] });
  const fixed = ports.flatMap((p) =>
    p.hostPort === undefined || p.hostPort === 0 ? [] : [`${p.protocol}${p.hostPort}`],
  );
  if (new Set(fixed).size < fixed.length) found.push({ path, errors: ["Ports must be unique."] });
  return found;
}

function constraintViolations(app: App): Violation[] {
  const found: Violation[] = [];
  app.constraints.forEach((constraint, i) => {
    const path = `/constraints(${i})`;
    const [field, operator, value] = constraint;
    const problem = constraintProblem(field, operator, value, constraint.length);
    if (problem !== undefined) found.push({ path, errors: [problem] });
  });
  return found;
}

/** What is wrong with a constraint of `length` parts, or nothing. */
export function constraintProblem(
  field: string | undefined,
  operator: string | undefined,
  value: string | undefined,
  length: number,
): string | undefined {
  if (length < 2 || length > 3 || field === undefined || operator === undefined) {
    return "Each constraint must have either 2 or 3 fields";
  }
  if (!operators.has(operator)) {
    return "Constraint operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS";
  }
  const number = /^-?\d+$/.test(value ?? "");
  switch (operator) {
    case "UNIQUE":
      return value === undefined ? undefined : "Value specified but not used";
    case "GROUP_BY":
      return value === undefined || number ? undefined : "Value was specified but is not a number";
    case "MAX_PER":
      return number ? undefined : "Value was not specified or is not a number";
    case "LIKE":
    case "UNLIKE":
      if (value === undefined) return "A regular expression value must be provided";
      return compiles(value) ? undefined : `'${value}' is not a valid regular expression`;
    default:
      return value === undefined ? "Missing value" : undefined;
  }
}

function compiles(expression: string): boolean {
  try {
    return new RegExp(expression) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
