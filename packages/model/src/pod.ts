// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { ExecutorResources } from "./app";
import { UnreachableStrategy } from "./app-checks";
import { Environment, LinuxInfo, PersistentVolume, Secrets } from "./app-container";
import { AppPath, amount, closed, count, flag, labels, literals, named, text } from "./app-fields";
import { Network } from "./app-networks";
import { deploymentOptions, withoutOptions } from "./deployment-options";
import { PodContainer } from "./pod-container";
import { podName, podPath } from "./pod-fields";

const { Optional: optional } = Type;

const Volume = Type.Object(
  {
    name: podName("Unique in the pod; volumeMounts of containers name it."),
    host: optional(podPath("Path on the agent, or below the sandbox where it is relative.")),
    persistent: optional(PersistentVolume),
    secret: optional(text("Name in the pod's secrets (Marathon 1.5).")),
  },
  named(
    "PodVolume",
    "A directory that containers of the pod share: at most one of host, persistent and secret, and without them one that ends with the instance.",
  ),
);

const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });

const Constraint = Type.Object(
  {
    fieldName: Type.String({ description: "hostname, @region, @zone or an attribute of agents." }),
    operator: literals(["UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS"]),
    value: optional(Type.String({ description: "What the operator compares with; UNIQUE takes none." })),
  },
  named("PodConstraint", "Where instances may run. IS since Marathon 1.6."),
);

const Scheduling = Type.Object(
  {
    backoff: optional(
      Type.Object(
        {
          backoff: optional(amount("Seconds before the first relaunch. Defaults to 1.")),
          backoffFactor: optional(amount("By how much each relaunch waits longer. Defaults to 1.15.")),
          maxLaunchDelay: optional(
            amount("Longest wait in seconds. Defaults to 300, and to 3600 before Marathon 1.8."),
          ),
        },
        named("PodBackoff", "How failed instances are relaunched."),
      ),
    ),
    upgrade: optional(
      Type.Object(
        {
          minimumHealthCapacity: optional(
            share("Share of the instances that stay healthy during a deployment. Defaults to 1."),
          ),
          maximumOverCapacity: optional(
            share("Share of the instances that may run in addition during a deployment. Defaults to 1."),
          ),
        },
        named("PodUpgrade", "Defaults to 1 and 1; without it, to 0.5 and 0 with persistent volumes."),
      ),
    ),
    placement: optional(
      Type.Object(
        {
          constraints: optional(Type.Array(Constraint, { description: "A set." })),
          acceptedResourceRoles: optional(
            Type.Array(Type.String({ minLength: 1 }), { description: 'A set of "*" and the pod\'s role.' }),
          ),
        },
        named("PodPlacement", "Which offers instances take."),
      ),
    ),
    killSelection: optional(
      literals(["YOUNGEST_FIRST", "OLDEST_FIRST"], {
        description: "Which instances go first when scaled down. Defaults to YOUNGEST_FIRST.",
      }),
    ),
    unreachableStrategy: optional(UnreachableStrategy),
  },
  named("PodScheduling", "How instances are placed, relaunched and replaced."),
);

/** Every field of a pod but its path. */
const podFields = {
  labels: optional(labels("Labels of the pod.")),
  user: optional(text("User that the containers run as.")),
  environment: optional(Environment),
  containers: Type.Array(PodContainer, {
    minItems: 1,
    description: "What runs together on one agent, in one network.",
  }),
  secrets: optional(Secrets),
  volumes: optional(Type.Array(Volume, { description: "Each is mounted by at least one container." })),
  networks: optional(Type.Array(Network, { description: "Defaults to the host network." })),
  scaling: optional(
    Type.Object(
      {
        kind: literals(["fixed"], { description: "Kind of scaling: fixed." }),
        instances: optional(count("How many instances run. Defaults to 1.")),
      },
      named("PodScaling", "How many instances run."),
    ),
  ),
  scheduling: optional(Scheduling),
  executorResources: optional(ExecutorResources),
  role: optional(text("Mesos role. Defaults to the server's (Marathon 1.9).")),
  linuxInfo: optional(LinuxInfo),
  legacySharedCgroups: optional(
    flag("Whether containers share the limits of their executor; without resourceLimits (Marathon 1.10)."),
  ),
};

const setByMarathon = Object.fromEntries(
  ["version", "status", "statusSince", "lastUpdated", "lastChanged", "instances", "terminationHistory"].map(
    (key) => [key, "is set by Marathon, remove it"],
  ),
);
const refused = {
  ...setByMarathon,
  instances: "unknown field, the number of instances is scaling.instances",
};

/** A pod as Marathon 1.4 to 1.11 takes it, in its own words and units (reference §1.9). Unknown keys are refused. */
export const Pod = Type.Object(
  {
    id: AppPath,
    ...podFields,
    version: optional(text("Read-only.")),
  },
  { ...closed, refused },
);
export type Pod = Static<typeof Pod>;

/** Inputs of `mesos:marathon:Pod` that are no part of Marathon's document. */
const PodOptions = {
  manageInstances: optional(
    flag(
      "Whether `scaling.instances` is kept as given. Defaults to true; false leaves it to others, such as an autoscaler, once the pod is made.",
    ),
  ),
  ...deploymentOptions,
};

/**
 * Inputs of `mesos:marathon:Pod`: the document without `version`, whose `id` is called `podId`, and what becomes of
 * deployments.
 */
export const PodResourceInputs = Type.Object(
  { podId: AppPath, ...podFields, ...PodOptions },
  { ...closed, refused: { ...refused, id: "unknown field, the pod's path is called podId here" } },
);
export type PodResourceInputs = Static<typeof PodResourceInputs>;

/** The document that Marathon takes for `inputs`. */
export function toPodDocument(inputs: PodResourceInputs): Pod {
  const { podId, ...rest } = withoutOptions(inputs);
  return { id: podId, ...rest };
}

/** The inputs that give `document`, without what Marathon alone sets. */
export function toPodInputs(document: Pod): PodResourceInputs {
  const { id, version: _, ...rest } = document;
  return { podId: id, ...rest };
}
