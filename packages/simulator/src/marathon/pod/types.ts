// SPDX-License-Identifier: Apache-2.0
import type {
  Fetch,
  LinuxInfo,
  Network,
  PersistentVolume,
  UnreachableStrategy,
  VersionInfo,
} from "../app/types";

/** The documents of pods in Marathon's own field names and units (marathon.md §1.9). */

export interface Endpoint {
  name: string;
  containerPort?: number;
  hostPort?: number;
  protocol?: string[];
  labels?: Record<string, string>;
  networkNames?: string[];
}

export interface PodImage {
  kind: "DOCKER";
  id: string;
  pullConfig?: { secret: string };
  forcePull?: boolean;
  labels?: Record<string, string>;
}

export type MesosCommand = { shell: string } | { argv: string[] };

export interface PodHealthCheck {
  http?: { endpoint: string; path?: string; scheme?: "HTTP" | "HTTPS" };
  tcp?: { endpoint: string };
  exec?: { command: MesosCommand };
  gracePeriodSeconds: number;
  intervalSeconds: number;
  maxConsecutiveFailures: number;
  timeoutSeconds: number;
  delaySeconds: number;
}

/** A check that the agent runs and that decides nothing; one of http, tcp and exec. */
export interface PodCheck {
  http?: { endpoint: string; path?: string; scheme?: "HTTP" | "HTTPS" };
  tcp?: { endpoint: string };
  exec?: { command: MesosCommand };
  intervalSeconds: number;
  timeoutSeconds: number;
  delaySeconds: number;
}

export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly: boolean;
}

export interface Resources {
  cpus: number;
  mem: number;
  disk: number;
  gpus: number;
}

export type Environment = Record<string, string | { secret: string }>;

export interface PodContainer {
  name: string;
  exec?: { command: MesosCommand; overrideEntrypoint?: boolean };
  resources: Resources;
  resourceLimits?: { cpus?: number | "unlimited"; mem?: number | "unlimited" };
  endpoints: Endpoint[];
  image?: PodImage;
  environment: Environment;
  user?: string;
  healthCheck?: PodHealthCheck;
  check?: PodCheck;
  volumeMounts: VolumeMount[];
  artifacts: Fetch[];
  labels: Record<string, string>;
  lifecycle?: { killGracePeriodSeconds?: number };
  tty?: boolean;
  linuxInfo?: LinuxInfo;
}

export interface PodVolume {
  name: string;
  host?: string;
  persistent?: PersistentVolume;
  secret?: string;
}

/** A pod with all defaults filled in. What pods and apps share has the names that apps have; answers nest it. */
export interface Pod {
  id: string;
  labels: Record<string, string>;
  user?: string;
  environment: Environment;
  containers: PodContainer[];
  secrets: Record<string, { source: string }>;
  volumes: PodVolume[];
  networks: Network[];
  instances: number;
  constraints: string[][];
  acceptedResourceRoles?: string[];
  role: string;
  backoffSeconds: number;
  backoffFactor: number;
  maxLaunchDelaySeconds: number;
  upgradeStrategy: { minimumHealthCapacity: number; maximumOverCapacity: number };
  killSelection: "YOUNGEST_FIRST" | "OLDEST_FIRST";
  unreachableStrategy: UnreachableStrategy;
  executorResources: { cpus: number; mem: number; disk: number };
  linuxInfo?: LinuxInfo;
  legacySharedCgroups?: boolean;
  version: string;
  versionInfo?: VersionInfo;
}

/** Every endpoint of a pod, in the order in which host ports are given out. */
export function endpointsOf(pod: Pod): Endpoint[] {
  return pod.containers.flatMap((c) => c.endpoints);
}

/** Whether the pod's instances keep their reservations: it has persistent volumes. */
export function isResidentPod(pod: Pod): boolean {
  return pod.volumes.some((v) => v.persistent !== undefined);
}
