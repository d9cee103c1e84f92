// SPDX-License-Identifier: Apache-2.0
import { decimal, flag, integer, list, long, map, object, type Shape, text, word } from "./reader";

const any: Shape = { kind: "any" };
export const port = integer(0, 65_535);
const protocol = word("tcp", "udp", "udp,tcp", "tcp,udp");
export const labels = map(text());
/** stringTypes.raml: LegacyName, PathId and what networks are called (with underscores since 1.5.2). */
const name = text({ minLength: 1, pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/ });
export const pathId = text({
  minLength: 1,
  pattern: /^(\/?((\.{2})|([a-z0-9][a-z0-9\-.]*[a-z0-9]+)|([a-z0-9]*))($|\/))+$/,
});
const networkName = text({ minLength: 1, maxLength: 63, pattern: /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/i });
export const amountOrUnlimited: Shape = {
  kind: "either",
  of: [decimal(), text()],
  word: "error.expected.jsnumber or 'unlimited'",
};
const envValue: Shape = {
  kind: "either",
  of: [text(), object({ secret: text() }, "secret")],
  word: "error.expected.jsstring",
};

export const environment = map(envValue);
export const secrets = map(object({ source: text({ minLength: 1 }) }, "source"));
export const executorResources = object({ cpus: decimal(0.1), mem: decimal(32), disk: decimal(10) });
export const networks = list(
  object({ mode: word("host", "container", "container/bridge"), name: networkName, labels }),
);
export const fetch = object(
  {
    uri: text({ minLength: 1, maxLength: 1024 }),
    extract: flag,
    executable: flag,
    cache: flag,
    destPath: text(),
  },
  "uri",
);

const portMapping = object({
  containerPort: port,
  hostPort: port,
  servicePort: port,
  protocol,
  name,
  labels,
  networkNames: list(text()),
});

const docker = object(
  {
    image: text({ minLength: 1 }),
    forcePullImage: flag,
    privileged: flag,
    parameters: list(object({ key: text({ minLength: 1 }), value: text() }, "key", "value")),
    pullConfig: object({ secret: text() }, "secret"),
    credential: any,
    network: word("BRIDGE", "HOST", "USER", "NONE"),
    portMappings: list(portMapping),
  },
  "image",
);

export const persistentVolume = object(
  {
    type: word("root", "path", "mount"),
    size: long(0),
    maxSize: long(0),
    profileName: text({ minLength: 1 }),
    constraints: list(list(text())),
  },
  "size",
);

const external = object({
  name: text({ minLength: 1 }),
  provider: text({ minLength: 1 }),
  size: long(0),
  options: any,
  shared: flag,
});
const mode = word("RO", "RW");
const containerPath = text({ minLength: 1 });

const volume: Shape = {
  kind: "byKey",
  of: {
    persistent: object({ containerPath: text(), mode, persistent: persistentVolume }, "containerPath"),
    external: object({ containerPath, mode, external }, "containerPath"),
    secret: object({ containerPath, secret: text() }, "containerPath"),
  },
  otherwise: object(
    { containerPath, hostPath: text({ minLength: 1 }), mode },
    "containerPath",
    "hostPath",
    "mode",
  ),
};

export const linuxInfo = object({
  seccomp: object({ profileName: text(), unconfined: flag }),
  ipcInfo: object({ mode: word("PRIVATE", "SHARE_PARENT"), shmSize: integer() }, "mode"),
});

const healthCheck = object({
  protocol: word("HTTP", "HTTPS", "TCP", "COMMAND", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP"),
  gracePeriodSeconds: integer(),
  intervalSeconds: integer(),
  timeoutSeconds: integer(),
  maxConsecutiveFailures: integer(),
  delaySeconds: integer(),
  path: text({ minLength: 1, maxLength: 1024 }),
  port,
  portIndex: integer(),
  ignoreHttp1xx: flag,
  ipProtocol: word("IPv4", "IPv6"),
  command: object({ value: text({ minLength: 1 }) }, "value"),
});

const readinessCheck = object({
  name: text(),
  protocol: word("HTTP", "HTTPS"),
  path: text(),
  portName: text(),
  intervalSeconds: integer(),
  timeoutSeconds: integer(),
  httpStatusCodesForReady: list(integer(100, 999)),
  preserveLastResponse: flag,
});

const seconds = integer();
const check = object({
  http: object({
    port,
    portIndex: integer(),
    path: text({ minLength: 1, maxLength: 1024 }),
    scheme: word("HTTP"),
  }),
  tcp: object({ port, portIndex: integer() }),
  exec: object({ command: object({ shell: text({ minLength: 1 }) }, "shell") }, "command"),
  intervalSeconds: seconds,
  timeoutSeconds: seconds,
  delaySeconds: seconds,
});

export const unreachableStrategy: Shape = {
  kind: "either",
  // A union's word is any text: all of them mean "disabled".
  of: [object({ inactiveAfterSeconds: long(0), expungeAfterSeconds: long(0) }), text()],
  word: "error.expected.jsstring",
};

/** Every key of an app that Marathon 1.10 reads, deprecated inputs included; no key is required here. */
export const appFields: Record<string, Shape> = {
  id: pathId,
  cmd: text({ minLength: 1 }),
  args: list(text()),
  cpus: decimal(0.001),
  mem: decimal(0),
  disk: decimal(0),
  gpus: integer(),
  instances: integer(),
  executor: text({ pattern: /^(|\/\/cmd|\/?[^/]+(\/[^/]+)*)$/ }),
  executorResources,
  resourceLimits: object({ cpus: amountOrUnlimited, mem: amountOrUnlimited }),
  env: environment,
  secrets,
  labels,
  user: text(),
  constraints: list(list(text())),
  acceptedResourceRoles: list(text()),
  role: text({ minLength: 1 }),
  container: object({
    type: word("DOCKER", "MESOS"),
    docker,
    volumes: list(volume),
    portMappings: list(portMapping),
    linuxInfo,
  }),
  networks,
  portDefinitions: list(object({ port, protocol, name, labels })),
  requirePorts: flag,
  ports: list(port),
  uris: list(text()),
  ipAddress: object({
    groups: any,
    labels,
    networkName: text({ minLength: 1 }),
    discovery: object({ ports: list(object({ number: port, name, protocol, labels }, "name")) }),
  }),
  fetch: list(fetch),
  dependencies: list(text()),
  healthChecks: list(healthCheck),
  check,
  readinessChecks: list(readinessCheck),
  backoffSeconds: integer(),
  backoffFactor: decimal(1),
  maxLaunchDelaySeconds: integer(),
  upgradeStrategy: object(
    { minimumHealthCapacity: decimal(0, 1), maximumOverCapacity: decimal(0, 1) },
    "minimumHealthCapacity",
    "maximumOverCapacity",
  ),
  taskKillGracePeriodSeconds: integer(),
  killSelection: word("YOUNGEST_FIRST", "OLDEST_FIRST"),
  unreachableStrategy,
  residency: object({
    relaunchEscalationTimeoutSeconds: long(0),
    taskLostBehavior: word("WAIT_FOREVER", "RELAUNCH_AFTER_TIMEOUT"),
  }),
  tty: flag,
  version: text(),
};

/** A whole app, as POST takes it. */
export const appShape: Shape = object(appFields, "id");
/** What PUT and PATCH of one app take: everything optional. */
export const appUpdateShape: Shape = object(appFields);
