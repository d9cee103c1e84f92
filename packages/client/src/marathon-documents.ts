// SPDX-License-Identifier: Apache-2.0
import { decoder, type Static, Type } from "@pulumi-mesos/model";

const { Optional: optional } = Type;
const text = Type.String();
const number = Type.Number();

/** One result of one health check of one task. It tells nothing before the first check: older Marathons write `[null]` then. */
export const MarathonHealthResult = Type.Object({
  alive: optional(Type.Boolean()),
  instanceId: optional(text),
  firstSuccess: optional(text),
  lastSuccess: optional(text),
  lastFailure: optional(text),
  lastFailureCause: optional(text),
  consecutiveFailures: optional(number),
});
export type MarathonHealthResult = Static<typeof MarathonHealthResult>;

export const MarathonTask = Type.Object({
  id: text,
  appId: optional(text),
  host: optional(text),
  slaveId: optional(text),
  state: optional(text),
  version: optional(text),
  stagedAt: optional(text),
  startedAt: optional(text),
  ports: optional(Type.Array(number)),
  servicePorts: optional(Type.Array(number)),
  ipAddresses: optional(Type.Array(Type.Object({ ipAddress: optional(text), protocol: optional(text) }))),
  healthCheckResults: optional(Type.Array(MarathonHealthResult)),
});
export type MarathonTask = Static<typeof MarathonTask>;

export const MarathonTaskFailure = Type.Object({
  appId: optional(text),
  host: optional(text),
  message: optional(text),
  state: optional(text),
  taskId: optional(text),
  timestamp: optional(text),
  version: optional(text),
});
export type MarathonTaskFailure = Static<typeof MarathonTaskFailure>;

const App = Type.Object({
  id: text,
  version: optional(text),
  versionInfo: optional(Type.Object({ lastScalingAt: optional(text), lastConfigChangeAt: optional(text) })),
  instances: optional(number),
  tasksStaged: optional(number),
  tasksRunning: optional(number),
  tasksHealthy: optional(number),
  tasksUnhealthy: optional(number),
  deployments: optional(Type.Array(Type.Object({ id: text }))),
  tasks: optional(Type.Array(MarathonTask)),
  lastTaskFailure: optional(MarathonTaskFailure),
});
/** An app as Marathon answers: what we rely on is decoded, the rest of the document stands beside it. */
export type MarathonApp = Static<typeof App> & Readonly<Record<string, unknown>>;

const Action = Type.Object({
  action: optional(text),
  app: optional(text),
  pod: optional(text),
  readinessCheckResults: optional(Type.Array(Type.Unknown())),
});

/** Actions of a deployment that run at the same time; the steps run one after another. */
export const MarathonStep = Type.Object({ actions: Type.Array(Action) });
export type MarathonStep = Static<typeof MarathonStep>;

export const MarathonDeployment = Type.Object({
  id: text,
  version: optional(text),
  affectedApps: optional(Type.Array(text)),
  affectedPods: optional(Type.Array(text)),
  steps: optional(Type.Array(MarathonStep)),
  currentStep: optional(number),
  totalSteps: optional(number),
  currentActions: optional(Type.Array(Action)),
});
export type MarathonDeployment = Static<typeof MarathonDeployment>;

const Reject = Type.Object({ reason: text, declined: number, processed: number });
const Ranges = Type.Array(Type.Object({ begin: number, end: number }));

/** A resource or an attribute of an offer: of `scalar`, `ranges`, `set` and `text` the one that fits its kind. */
const Offered = Type.Object({
  name: text,
  role: optional(text),
  scalar: optional(number),
  ranges: optional(Ranges),
  set: optional(Type.Array(text)),
  text: optional(text),
});

/** An offer that did not fit, and why; as many as Marathon keeps. */
export const MarathonUnusedOffer = Type.Object({
  offer: Type.Object({
    id: optional(text),
    hostname: optional(text),
    agentId: optional(text),
    resources: optional(Type.Array(Offered)),
    attributes: optional(Type.Array(Offered)),
  }),
  reason: Type.Array(text),
  timestamp: optional(text),
});
export type MarathonUnusedOffer = Static<typeof MarathonUnusedOffer>;

export const MarathonQueueItem = Type.Object({
  app: optional(Type.Object({ id: text })),
  pod: optional(Type.Object({ id: text })),
  role: optional(text),
  count: optional(number),
  delay: optional(Type.Object({ timeLeftSeconds: optional(number), overdue: optional(Type.Boolean()) })),
  since: optional(text),
  processedOffersSummary: optional(
    Type.Object({
      processedOffersCount: optional(number),
      unusedOffersCount: optional(number),
      lastUnusedOfferAt: optional(text),
      lastUsedOfferAt: optional(text),
      rejectSummaryLastOffers: optional(Type.Array(Reject)),
      rejectSummaryLaunchAttempt: optional(Type.Array(Reject)),
    }),
  ),
  lastUnusedOffers: optional(Type.Array(MarathonUnusedOffer)),
});
export type MarathonQueueItem = Static<typeof MarathonQueueItem>;

export const MarathonInfo = Type.Object({
  version: text,
  leader: optional(text),
  elected: optional(Type.Boolean()),
  frameworkId: optional(text),
  marathon_config: optional(
    Type.Object({
      mesos_role: optional(text),
      default_network_name: optional(text),
      new_group_enforce_role: optional(text),
    }),
  ),
});
export type MarathonInfo = Static<typeof MarathonInfo>;

const Pod = Type.Object({ id: text, version: optional(text) });
/** A pod as Marathon answers: what we rely on is decoded, the rest of the document stands beside it. */
export type MarathonPod = Static<typeof Pod> & Readonly<Record<string, unknown>>;

const Termination = Type.Object({ exitCode: optional(number), message: optional(text) });

const PodContainer = Type.Object({
  name: text,
  status: optional(text),
  statusSince: optional(text),
  message: optional(text),
  containerId: optional(text),
  endpoints: optional(
    Type.Array(
      Type.Object({
        name: text,
        allocatedHostPort: optional(number),
        healthy: optional(Type.Boolean()),
      }),
    ),
  ),
  termination: optional(Termination),
});

/** One instance of a pod: PENDING, STAGING, STABLE, DEGRADED or TERMINAL. */
export const MarathonPodInstance = Type.Object({
  id: text,
  status: text,
  statusSince: optional(text),
  message: optional(text),
  agentHostname: optional(text),
  agentId: optional(text),
  networks: optional(
    Type.Array(Type.Object({ name: optional(text), addresses: optional(Type.Array(text)) })),
  ),
  containers: optional(Type.Array(PodContainer)),
  /** `/v2/pods/<id>::versions/<version>`: which version it runs. */
  specReference: optional(text),
});
export type MarathonPodInstance = Static<typeof MarathonPodInstance>;

const PodStatus = Type.Object({
  id: text,
  spec: Pod,
  /** STABLE, DEGRADED or TERMINAL. */
  status: text,
  statusSince: optional(text),
  message: optional(text),
  instances: optional(Type.Array(MarathonPodInstance)),
  terminationHistory: optional(
    Type.Array(
      Type.Object({
        instanceID: optional(text),
        startedAt: optional(text),
        terminatedAt: optional(text),
        message: optional(text),
        containers: optional(
          Type.Array(
            Type.Object({
              containerId: optional(text),
              lastKnownState: optional(text),
              termination: optional(Termination),
            }),
          ),
        ),
      }),
    ),
  ),
});
/** How a pod is: its newest definition, its instances, and those that ended lately. */
export type MarathonPodStatus = Omit<Static<typeof PodStatus>, "spec"> & { readonly spec: MarathonPod };

const Group = Type.Recursive((This) =>
  Type.Object({
    id: text,
    version: optional(text),
    enforceRole: optional(Type.Boolean()),
    dependencies: optional(Type.Array(text)),
    apps: optional(Type.Array(App)),
    pods: optional(Type.Array(PodStatus)),
    groups: optional(Type.Array(This)),
  }),
);

/** A group with all that is below it, as Marathon answers. Its version is that of the last change anywhere below. */
export interface MarathonGroup {
  readonly id: string;
  readonly version?: string;
  /** Only of a top-level group: whether its apps and pods have its name as their role. */
  readonly enforceRole?: boolean;
  readonly dependencies?: readonly string[];
  readonly apps?: readonly MarathonApp[];
  readonly pods?: readonly MarathonPodStatus[];
  readonly groups?: readonly MarathonGroup[];
}

/** A group and all below it, each before those in it. */
export function groupsIn(group: MarathonGroup | undefined): MarathonGroup[] {
  return group === undefined ? [] : [group, ...(group.groups ?? []).flatMap(groupsIn)];
}

const DeploymentResult = Type.Object({ version: text, deploymentId: text });

export const decoders = {
  app: decoder(App),
  appAnswer: decoder(Type.Object({ app: App })),
  appsAnswer: decoder(Type.Object({ apps: Type.Array(App) })),
  appDocument: decoder(Type.Object({ app: Type.Object({}) })),
  appDocuments: decoder(Type.Object({ apps: Type.Array(Type.Unknown()) })),
  deploymentResult: decoder(DeploymentResult),
  deployments: decoder(Type.Array(MarathonDeployment)),
  queueAnswer: decoder(Type.Object({ queue: Type.Array(MarathonQueueItem) })),
  info: decoder(MarathonInfo),
  leader: decoder(Type.Object({ leader: text })),
  tasksAnswer: decoder(Type.Object({ tasks: Type.Array(MarathonTask) })),
  group: decoder(Group),
  plan: decoder(Type.Object({ steps: Type.Array(MarathonStep) })),
  pod: decoder(Pod),
  pods: decoder(Type.Array(Pod)),
  podStatus: decoder(PodStatus),
  podStatuses: decoder(Type.Array(PodStatus)),
  texts: decoder(Type.Array(text)),
  versions: decoder(Type.Object({ versions: Type.Array(text) })),
};
