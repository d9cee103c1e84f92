// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { firstInstances } from "./app-autoscale";
import { Check, HealthCheck, ReadinessCheck, UnreachableStrategy } from "./app-checks";
import { Container, Environment, Fetch, Labels, Secrets } from "./app-container";
import { AppPath, amount, closed, count, flag, literals, named, port, text } from "./app-fields";
import { IpAddress, Network, PortDefinition } from "./app-networks";
import { AppOptions, withoutOptions } from "./deployment-options";

const { Optional: optional } = Type;

/** What a task's executor gets beside the task. */
export const ExecutorResources = Type.Object(
  {
    cpus: optional(amount("Shares of a CPU. Defaults to 0.1.", 0.1)),
    mem: optional(amount("MiB. Defaults to 32.", 32)),
    disk: optional(amount("MiB. Defaults to 10.", 10)),
  },
  named("ExecutorResources", "Resources of the executor beside the task (Marathon 1.6)."),
);

const limit = (unit: string) =>
  Type.Union([Type.Number({ minimum: 0 }), Type.Literal("unlimited")], {
    description: `${unit}, at least what is requested, or "unlimited".`,
  });

/** What a task may use beyond what it requests. */
export const ResourceLimits = Type.Object(
  { cpus: optional(limit("Shares of a CPU")), mem: optional(limit("MiB")) },
  named("ResourceLimits", "What a task may use beyond its request (Marathon 1.10)."),
);

const UpgradeStrategy = Type.Object(
  {
    minimumHealthCapacity: Type.Number({
      minimum: 0,
      maximum: 1,
      description: "Share of the instances that stay healthy during a deployment.",
    }),
    maximumOverCapacity: Type.Number({
      minimum: 0,
      maximum: 1,
      description: "Share of the instances that may run in addition during a deployment.",
    }),
  },
  named("UpgradeStrategy", "Defaults to 1 and 1, and to 0.5 and 0 with persistent or external volumes."),
);

const Residency = Type.Object(
  {
    relaunchEscalationTimeoutSeconds: optional(count("Seconds. Defaults to 3600.")),
    taskLostBehavior: optional(
      literals(["WAIT_FOREVER", "RELAUNCH_AFTER_TIMEOUT"], { description: "Defaults to WAIT_FOREVER." }),
    ),
  },
  named("Residency", "Deprecated, without effect; only with persistent volumes."),
);

/** Every field of an app but its path. */
export const appFields = {
  cmd: optional(
    Type.String({
      minLength: 2,
      description: "Command line for the shell, 2 characters or more; not with args.",
    }),
  ),
  args: optional(
    Type.Array(Type.String(), {
      description: "Program and arguments, or the image's arguments; not with cmd.",
    }),
  ),
  cpus: optional(amount("Shares of a CPU for each task. Defaults to 1.", 0.001)),
  mem: optional(amount("MiB for each task. Defaults to 128.")),
  disk: optional(amount("MiB for each task. Defaults to 0.")),
  gpus: optional(count("GPUs for each task; not in Docker containers. Defaults to 0.")),
  instances: optional(count("How many tasks run. Defaults to 1.")),
  executor: optional(
    Type.String({
      pattern: "^(|//cmd|/?[^/]+(/[^/]+)*)$",
      must: 'be empty, "//cmd" or a path',
      description: "Empty, //cmd or a path. Defaults to empty.",
    }),
  ),
  executorResources: optional(ExecutorResources),
  resourceLimits: optional(ResourceLimits),
  env: optional(Environment),
  secrets: optional(Secrets),
  labels: optional(Labels),
  user: optional(text("User that the task runs as.")),
  constraints: optional(
    Type.Array(Type.Array(Type.String(), { minItems: 2, maxItems: 3 }), {
      description:
        "A set of [field, operator, value?]; operators UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER, IS.",
    }),
  ),
  acceptedResourceRoles: optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'A set of "*" and the app\'s role.',
    }),
  ),
  role: optional(text("Mesos role. Defaults to the server's (Marathon 1.9).")),
  container: optional(Container),
  networks: optional(Type.Array(Network, { description: "Defaults to the host network." })),
  portDefinitions: optional(
    Type.Array(PortDefinition, {
      description: "Ports on the host network. Absent: one named default; an empty list: none.",
    }),
  ),
  requirePorts: optional(
    flag("Whether tasks get exactly the ports of portDefinitions; host network only. Defaults to false."),
  ),
  fetch: optional(Type.Array(Fetch)),
  dependencies: optional(
    Type.Array(AppPath, { description: "A set of apps that are deployed before this one." }),
  ),
  healthChecks: optional(Type.Array(HealthCheck, { description: "A set; at most one MESOS_* check." })),
  check: optional(Check),
  readinessChecks: optional(Type.Array(ReadinessCheck, { maxItems: 1, description: "At most one." })),
  backoffSeconds: optional(count("Seconds before the first relaunch of a failed task. Defaults to 1.")),
  backoffFactor: optional(amount("By how much each relaunch waits longer. Defaults to 1.15.", 1)),
  maxLaunchDelaySeconds: optional(
    count("Longest wait in seconds. Defaults to 300, and to 3600 before Marathon 1.8."),
  ),
  upgradeStrategy: optional(UpgradeStrategy),
  taskKillGracePeriodSeconds: optional(count("Seconds from SIGTERM to SIGKILL.")),
  killSelection: optional(
    literals(["YOUNGEST_FIRST", "OLDEST_FIRST"], {
      description: "Which tasks go first when scaled down. Defaults to YOUNGEST_FIRST.",
    }),
  ),
  unreachableStrategy: optional(UnreachableStrategy),
  residency: optional(Residency),
  tty: optional(flag("Whether the task has a terminal.")),
  ports: optional(
    Type.Array(port("Service port."), { description: "Deprecated: use portDefinitions or portMappings." }),
  ),
  uris: optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { description: "Deprecated: use fetch." }),
  ),
  ipAddress: optional(IpAddress),
};

/** Keys of an answer that Marathon sets and nobody can give (reference §1.2). */
export const readOnlyAppKeys = [
  "version",
  "versionInfo",
  "tasksStaged",
  "tasksRunning",
  "tasksHealthy",
  "tasksUnhealthy",
  "deployments",
  "tasks",
  "lastTaskFailure",
  "readinessCheckResults",
  "taskStats",
  "tasksStats",
] as const;

/** What to say of each of {@link readOnlyAppKeys} in a document. */
export const setByMarathon = Object.fromEntries(
  readOnlyAppKeys.map((key) => [key, "is set by Marathon, remove it"]),
);

/**
 * An app as Marathon 1.5 to 1.11 takes it, in its own words and units (reference §1.2–§1.6); old networking fields too.
 *
 * Unknown keys are refused here, although Marathon drops them without a word.
 */
export const App = Type.Object(
  {
    id: AppPath,
    ...appFields,
    version: optional(text("Read-only; as input of a partial update it means: roll back to this version.")),
  },
  { ...closed, refused: setByMarathon },
);
export type App = Static<typeof App>;

/**
 * Inputs of `mesos:marathon:App`: the document without `version`, whose `id` is called `appId`, because `id` is
 * Pulumi's; and {@link AppOptions}.
 */
export const AppResourceInputs = Type.Object(
  { appId: AppPath, ...appFields, ...AppOptions.properties },
  { ...closed, refused: { ...setByMarathon, id: "unknown field, the app's path is called appId here" } },
);
export type AppResourceInputs = Static<typeof AppResourceInputs>;

/** The document that Marathon takes for `inputs`; an app that follows its traffic begins with as many instances as they say, or `min`. */
export function toDocument(inputs: AppResourceInputs): App {
  const { appId, ...rest } = withoutOptions(inputs);
  const instances = firstInstances(inputs);
  return { id: appId, ...rest, ...(instances === undefined ? {} : { instances }) };
}

/** The inputs that give `document`, without what Marathon alone sets. */
export function toInputs(document: App): AppResourceInputs {
  const { id, ...rest } = document;
  const readOnly: readonly string[] = readOnlyAppKeys;
  const kept = Object.entries(rest).filter(([key]) => !readOnly.includes(key));
  return { appId: id, ...Object.fromEntries(kept) };
}
