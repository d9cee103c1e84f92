// SPDX-License-Identifier: Apache-2.0
import {
  amountOrUnlimited,
  environment,
  executorResources,
  fetch,
  labels,
  linuxInfo,
  networks,
  pathId,
  persistentVolume,
  port,
  secrets,
  unreachableStrategy,
} from "../app/app-shape";
import { decimal, flag, integer, list, map, object, type Shape, text, word } from "../app/reader";

const name = text({ minLength: 1, maxLength: 63, pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/ });
const path = text({ minLength: 1, maxLength: 1024 });
const command: Shape = {
  kind: "either",
  of: [object({ shell: text({ minLength: 1 }) }, "shell"), object({ argv: list(text(), 1) }, "argv")],
  word: "error.expected.MesosCommand",
};

const endpoint = object(
  {
    name,
    containerPort: port,
    hostPort: port,
    protocol: list(name, 1),
    labels: map(text()),
    networkNames: list(name),
  },
  "name",
);

const healthCheck = object({
  http: object({ endpoint: text(), path, scheme: word("HTTP", "HTTPS") }, "endpoint"),
  tcp: object({ endpoint: text() }, "endpoint"),
  exec: object({ command }, "command"),
  gracePeriodSeconds: integer(),
  intervalSeconds: integer(),
  maxConsecutiveFailures: integer(),
  timeoutSeconds: integer(),
  delaySeconds: integer(),
});

const check = object({
  http: object({ endpoint: name, path, scheme: word("HTTP", "HTTPS") }, "endpoint"),
  tcp: object({ endpoint: name }, "endpoint"),
  exec: object({ command }, "command"),
  intervalSeconds: integer(),
  timeoutSeconds: integer(),
  delaySeconds: integer(),
});

const image = object(
  {
    kind: word("DOCKER"),
    id: path,
    pullConfig: object({ secret: text() }, "secret"),
    forcePull: flag,
    labels,
  },
  "kind",
  "id",
);

const container = object(
  {
    name,
    exec: object({ command, overrideEntrypoint: flag }, "command"),
    resources: object({ cpus: decimal(0.001), mem: decimal(0), disk: decimal(0), gpus: integer() }),
    resourceLimits: object({ cpus: amountOrUnlimited, mem: amountOrUnlimited }),
    endpoints: list(endpoint),
    image,
    environment,
    user: text(),
    healthCheck,
    check,
    volumeMounts: list(object({ name, mountPath: path, readOnly: flag }, "name", "mountPath")),
    artifacts: list(fetch),
    labels,
    lifecycle: object({ killGracePeriodSeconds: decimal(0) }),
    tty: flag,
    linuxInfo,
  },
  "name",
  "resources",
);

const scheduling = object({
  backoff: object({ backoff: decimal(0), backoffFactor: decimal(0), maxLaunchDelay: decimal(0) }),
  upgrade: object({ minimumHealthCapacity: decimal(0, 1), maximumOverCapacity: decimal(0, 1) }),
  placement: object({
    constraints: list(
      object(
        {
          fieldName: text(),
          operator: word("UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS"),
          value: text(),
        },
        "fieldName",
        "operator",
      ),
    ),
    acceptedResourceRoles: list(text()),
  }),
  killSelection: word("YOUNGEST_FIRST", "OLDEST_FIRST"),
  unreachableStrategy,
});

/** A pod as POST and PUT take it; unknown keys are dropped. */
export const podShape: Shape = object(
  {
    id: pathId,
    labels,
    version: text(),
    user: text(),
    environment,
    containers: list(container),
    secrets,
    volumes: list(object({ name, host: path, persistent: persistentVolume, secret: text() }, "name")),
    networks,
    scaling: object({ kind: word("fixed"), instances: integer(), maxInstances: integer() }, "kind"),
    scheduling,
    executorResources,
    role: text({ minLength: 1 }),
    linuxInfo,
    legacySharedCgroups: flag,
  },
  "id",
  "containers",
);
