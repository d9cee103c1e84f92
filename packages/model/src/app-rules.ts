// SPDX-License-Identifier: Apache-2.0
import type { App } from "./app";
import { checkRules } from "./app-rules-checks";
import { containerRules } from "./app-rules-container";
import { networkRules } from "./app-rules-networks";
import { constraintOperators, constraintValueProblem } from "./constraint";
import { type ElementRule, elementRule, type FieldRule, fieldRule, isResident, type Rule } from "./rule";

const hasImage = (app: App) => app.container?.docker !== undefined;
const reserved = ["restart", "tasks", "versions", ".", ".."];
const single = "MARATHON_SINGLE_INSTANCE_APP";

const commandRules: FieldRule[] = [
  {
    path: "args",
    reads: ["cmd", "args"],
    when: ({ app }) => app.cmd !== undefined && (app.args?.length ?? 0) > 0,
    message: () => "give cmd or args, not both",
  },
  {
    path: "cmd",
    reads: ["cmd", "args", "container.docker"],
    when: ({ app }) => app.cmd === undefined && (app.args?.length ?? 0) === 0 && !hasImage(app),
    message: () => "must be given, or args, or a container with an image",
  },
  {
    path: "id",
    reads: ["id"],
    when: ({ app }) => reserved.includes(app.id.split("/").at(-1) ?? ""),
    message: ({ app }) =>
      `must not end in ${app.id.split("/").at(-1)}, because Marathon's own paths end so; choose another last segment`,
  },
  {
    path: "dependencies",
    reads: ["id", "dependencies"],
    when: ({ normal }) => aroundItself(normal) !== undefined,
    message: ({ normal }) => {
      const around = aroundItself(normal);
      const what = around === normal.id ? "the app itself" : "a group that the app is in";
      return `must not contain ${what} (${around})`;
    },
  },
];

const resourceRules: FieldRule[] = [
  {
    path: "gpus",
    reads: ["gpus", "container.type"],
    when: ({ app, normal }) => (app.gpus ?? 0) > 0 && normal.container?.type === "DOCKER",
    message: () => "must be 0 in a container of type DOCKER; use type MESOS",
  },
  ...(["cpus", "mem"] as const).map(
    (name): FieldRule => ({
      path: `resourceLimits.${name}`,
      reads: ["resourceLimits", name],
      when: ({ app, normal }) => Number(app.resourceLimits?.[name]) < (normal[name] ?? 0),
      message: ({ app, normal }) =>
        `must be ${normal[name]} (${name}) or more, or "unlimited", got ${app.resourceLimits?.[name]}`,
    }),
  ),
  {
    path: "acceptedResourceRoles",
    reads: ["acceptedResourceRoles", "role"],
    when: ({ app }) =>
      app.role !== undefined && (app.acceptedResourceRoles ?? []).some((r) => r !== "*" && r !== app.role),
    message: ({ app }) => `must only have "*" and the app's role ${JSON.stringify(app.role)}`,
  },
];

/** The dependency that makes the app wait for itself. */
function aroundItself({ id, dependencies = [] }: App): string | undefined {
  return dependencies.find((d) => d === id || id.startsWith(d === "/" ? d : `${d}/`));
}

/** Marathon takes the operator in any case. */
const operatorOf = (constraint: readonly string[]) => (constraint[1] ?? "").toUpperCase();

const constraintRules: Omit<ElementRule<string[]>, "path" | "reads">[] = [
  {
    when: (c) => !constraintOperators.includes(operatorOf(c)),
    message: (c) =>
      `the operator must be one of ${constraintOperators.join(", ")}, got ${JSON.stringify(c[1])}`,
  },
  {
    when: (c) => constraintValueProblem(operatorOf(c), c[2]) !== undefined,
    message: (c) => constraintValueProblem(operatorOf(c), c[2]) ?? "",
  },
  {
    when: (c) => c[0] === "",
    message: () => "the field must not be empty",
  },
];

const secretInEnv: ElementRule<string> = {
  path: "env",
  reads: ["env", "secrets"],
  when: (name, { app }) => !Object.hasOwn(app.secrets ?? {}, name),
  message: (name) => `names the secret ${JSON.stringify(name)}, which is not in secrets`,
};

function secretsInEnv(app: App): [string, string][] {
  return Object.entries(app.env ?? {}).flatMap(([key, value]): [string, string][] =>
    typeof value === "object" ? [[key, value.secret]] : [],
  );
}

const strategyRules: FieldRule[] = [
  {
    path: "upgradeStrategy.maximumOverCapacity",
    reads: ["upgradeStrategy", "container.volumes"],
    when: ({ app }) => isResident(app) && (app.upgradeStrategy?.maximumOverCapacity ?? 0) !== 0,
    message: ({ app }) =>
      `must be 0 with persistent volumes, got ${app.upgradeStrategy?.maximumOverCapacity}`,
  },
  {
    path: "unreachableStrategy",
    reads: ["unreachableStrategy", "container.volumes"],
    when: ({ app }) =>
      isResident(app) && ![undefined, "disabled"].includes(app.unreachableStrategy as string),
    message: () => 'must be "disabled" with persistent volumes',
  },
  {
    path: "unreachableStrategy.inactiveAfterSeconds",
    reads: ["unreachableStrategy"],
    when: ({ app }) => {
      const s = app.unreachableStrategy;
      return typeof s === "object" && (s.inactiveAfterSeconds ?? 0) > (s.expungeAfterSeconds ?? 0);
    },
    message: () => "must not be more than expungeAfterSeconds",
  },
  {
    path: "residency",
    reads: ["residency", "container.volumes"],
    when: ({ app }) => app.residency !== undefined && !isResident(app),
    message: () => "needs a persistent volume in container.volumes; remove it",
  },
  {
    path: "instances",
    reads: ["instances", "labels"],
    when: ({ app }) => app.labels?.[single] === "true" && (app.instances ?? 1) > 1,
    message: ({ app }) => `must be 0 or 1 with the label ${single}, got ${app.instances}`,
  },
  {
    path: "upgradeStrategy",
    reads: ["upgradeStrategy", "labels"],
    when: ({ app }) => {
      const s = app.upgradeStrategy;
      const zero = s?.minimumHealthCapacity === 0 && s.maximumOverCapacity === 0;
      return app.labels?.[single] === "true" && !zero;
    },
    message: () => `must be given, with 0 and 0, with the label ${single}`,
  },
];

/** What fields of an app must be to each other. */
export const appRules: readonly Rule[] = [
  ...[...commandRules, ...resourceRules, ...strategyRules].map(fieldRule),
  ...constraintRules.map((rule) =>
    elementRule((app) => (app.constraints ?? []).entries(), {
      path: "constraints",
      reads: ["constraints"],
      ...rule,
    }),
  ),
  elementRule(secretsInEnv, secretInEnv),
  ...networkRules,
  ...containerRules,
  ...checkRules,
];
