// SPDX-License-Identifier: Apache-2.0

/** The networking, checks and limits of an app, in Marathon's own field names and units (marathon.md §1.2–§1.5). */

export interface PortMapping {
  containerPort: number;
  hostPort?: number;
  labels: Record<string, string>;
  protocol: string;
  servicePort: number;
  name?: string;
  networkNames?: string[];
}

export interface PortDefinition {
  port: number;
  /** Absent when empty, unlike a port mapping's. */
  labels?: Record<string, string>;
  protocol: string;
  name?: string;
}

export interface Docker {
  image: string;
  forcePullImage: boolean;
  privileged: boolean;
  parameters: { key: string; value: string }[];
  pullConfig?: { secret: string };
}

export interface Container {
  type: "DOCKER" | "MESOS";
  docker?: Docker;
  volumes: Volume[];
  portMappings?: PortMapping[];
  linuxInfo?: LinuxInfo;
}

/** One of host, persistent, external and secret volume, by the key that it has. */
export interface Volume {
  containerPath?: string;
  hostPath?: string;
  mode?: "RO" | "RW";
  persistent?: PersistentVolume;
  external?: ExternalVolume;
  /** The name of an entry of `secrets`. */
  secret?: string;
}

export interface PersistentVolume {
  type: "root" | "path" | "mount";
  /** MiB. */
  size: number;
  maxSize?: number;
  profileName?: string;
  constraints: string[][];
}

export interface ExternalVolume {
  name?: string;
  provider?: string;
  size?: number;
  options: Record<string, unknown>;
  shared?: boolean;
}

export interface Residency {
  relaunchEscalationTimeoutSeconds: number;
  taskLostBehavior: "WAIT_FOREVER" | "RELAUNCH_AFTER_TIMEOUT";
}

export interface LinuxInfo {
  seccomp?: { profileName?: string; unconfined?: boolean };
  ipcInfo?: { mode: "PRIVATE" | "SHARE_PARENT"; shmSize?: number };
}

export interface Network {
  mode: "host" | "container" | "container/bridge";
  name?: string;
  labels?: Record<string, string>;
}

export type CheckProtocol = "HTTP" | "HTTPS" | "TCP" | "COMMAND" | "MESOS_HTTP" | "MESOS_HTTPS" | "MESOS_TCP";

export interface HealthCheck {
  protocol: CheckProtocol;
  gracePeriodSeconds: number;
  intervalSeconds: number;
  timeoutSeconds: number;
  maxConsecutiveFailures: number;
  delaySeconds: number;
  ipProtocol: "IPv4" | "IPv6";
  path?: string;
  port?: number;
  portIndex?: number;
  ignoreHttp1xx?: boolean;
  command?: { value: string };
}

/** A check that the agent runs and that decides nothing; one of http, tcp and exec. */
export interface AppCheck {
  http?: { port?: number; portIndex?: number; path?: string; scheme: "HTTP" };
  tcp?: { port?: number; portIndex?: number };
  exec?: { command: { shell: string } };
  intervalSeconds: number;
  timeoutSeconds: number;
  delaySeconds: number;
}

export interface ReadinessCheck {
  name: string;
  protocol: "HTTP" | "HTTPS";
  path: string;
  portName: string;
  intervalSeconds: number;
  timeoutSeconds: number;
  httpStatusCodesForReady: number[];
  preserveLastResponse: boolean;
}

export interface Fetch {
  uri: string;
  extract: boolean;
  executable: boolean;
  cache: boolean;
  destPath?: string;
}

export type UnreachableStrategy = "disabled" | { inactiveAfterSeconds: number; expungeAfterSeconds: number };

export interface VersionInfo {
  lastScalingAt: string;
  lastConfigChangeAt: string;
}

/** An app with all defaults filled in: what Marathon stores. */
export interface App {
  id: string;
  cmd?: string;
  args?: string[];
  cpus: number;
  mem: number;
  disk: number;
  gpus: number;
  instances: number;
  executor: string;
  executorResources?: { cpus: number; mem: number; disk: number };
  resourceLimits?: { cpus?: number | "unlimited"; mem?: number | "unlimited" };
  env: Record<string, string | { secret: string }>;
  secrets: Record<string, { source: string }>;
  labels: Record<string, string>;
  user?: string;
  constraints: string[][];
  acceptedResourceRoles?: string[];
  role: string;
  container?: Container;
  networks: Network[];
  portDefinitions?: PortDefinition[];
  requirePorts: boolean;
  fetch: Fetch[];
  dependencies: string[];
  healthChecks: HealthCheck[];
  check?: AppCheck;
  readinessChecks: ReadinessCheck[];
  backoffSeconds: number;
  backoffFactor: number;
  maxLaunchDelaySeconds: number;
  upgradeStrategy: { minimumHealthCapacity: number; maximumOverCapacity: number };
  taskKillGracePeriodSeconds?: number;
  killSelection: "YOUNGEST_FIRST" | "OLDEST_FIRST";
  unreachableStrategy: UnreachableStrategy;
  residency?: Residency;
  tty?: boolean;
  version: string;
  versionInfo?: VersionInfo;
}

/** Server-wide facts that decide what a document without a value means. */
export interface AppDefaults {
  readonly role: string;
  /** The roles that may be named; `role` alone where none are given. */
  readonly allowedRoles?: readonly string[];
  readonly networkName?: string;
  readonly executor: string;
  /** `--enable_features`. */
  readonly features?: ReadonlySet<string>;
}

/** One port of an app as tasks see it, whatever the networking mode. */
export interface AppPort {
  readonly name?: string;
  readonly protocol: string;
  readonly servicePort: number;
  readonly labels: Record<string, string>;
  readonly containerPort?: number;
  /** The host port asked for: 0 = any of the offer, undefined = none (container networks only). */
  readonly hostPort?: number;
}

/** The service port of each port; 0 where one is to be assigned. */
export function servicePortsOf(app: App): number[] {
  if (app.portDefinitions !== undefined) return app.portDefinitions.map((d) => d.port);
  return app.container?.portMappings?.map((m) => m.servicePort) ?? [];
}

export function portsOf(app: App): AppPort[] {
  if (app.portDefinitions !== undefined) {
    return app.portDefinitions.map((d) => ({
      name: d.name,
      protocol: d.protocol,
      servicePort: d.port,
      labels: d.labels ?? {},
      hostPort: app.requirePorts ? d.port : 0,
    }));
  }
  return (app.container?.portMappings ?? []).map((m) => ({
    name: m.name,
    protocol: m.protocol,
    servicePort: m.servicePort,
    labels: m.labels,
    containerPort: m.containerPort,
    hostPort: m.hostPort,
  }));
}

/** An executor of the app's own, not Mesos's command executor. */
export function usesOwnExecutor(app: App): boolean {
  return app.executor !== "" && app.executor !== "//cmd";
}
