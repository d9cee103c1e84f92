// SPDX-License-Identifier: Apache-2.0
import type { AppRefusal } from "./app-refusals";

const image = { image: "nginx" };
const mesos = { type: "MESOS" };
const bridge = [{ mode: "container/bridge" }];
const persistent = {
  container: { ...mesos, volumes: [{ containerPath: "d", persistent: { size: 1 } }] },
};

export const ruleRefusals: readonly AppRefusal[] = [
  {
    title: "a command and arguments",
    source: "§1.2",
    request: { args: ["a"] },
    failures: ["args: give cmd or args, not both"],
  },
  {
    title: "nothing to run",
    source: "§1.2",
    request: { cmd: null },
    failures: ["cmd: must be given, or args, or a container with an image"],
  },
  {
    title: "a command of one character",
    source: "§1.2",
    request: { cmd: "x" },
    failures: ['cmd: must have 2 or more characters, got "x"'],
  },
  {
    title: "an id with a reserved end",
    source: "§1.6",
    request: { id: "/shop/tasks" },
    failures: ["id: must not end in tasks, because Marathon's own paths end so; choose another last segment"],
  },
  {
    title: "a dependency on itself",
    source: "§1.8",
    request: { dependencies: ["a"] },
    failures: ["dependencies: must not contain the app itself (/a)"],
  },
  {
    title: "GPUs in Docker",
    source: "§1.2",
    request: { gpus: 1, container: { docker: image } },
    failures: ["gpus: must be 0 in a container of type DOCKER; use type MESOS"],
  },
  {
    title: "a limit below the request",
    source: "§1.2",
    request: { resourceLimits: { mem: 64 } },
    failures: ['resourceLimits.mem: must be 128 (mem) or more, or "unlimited", got 64'],
  },
  {
    title: "a foreign role",
    source: "§1.2",
    request: { role: "a", acceptedResourceRoles: ["b"] },
    failures: ['acceptedResourceRoles: must only have "*" and the app\'s role "a"'],
  },
  {
    title: "an unknown operator of a constraint",
    source: "§1.2",
    request: { constraints: [["hostname", "ONCE"]] },
    failures: [
      'constraints[0]: the operator must be one of UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER, IS, got "ONCE"',
    ],
  },
  {
    title: "a constraint without its value",
    source: "§1.2",
    request: { constraints: [["rack", "LIKE"]] },
    failures: ["constraints[0]: LIKE needs a regular expression as value"],
  },
  {
    title: "a secret that is not declared",
    source: "§1.2",
    request: { env: { A: { secret: "s" } } },
    failures: ['env.A: names the secret "s", which is not in secrets'],
  },
  {
    title: "over capacity with persistent volumes",
    source: "§1.2",
    request: { ...persistent, upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 } },
    failures: ["upgradeStrategy.maximumOverCapacity: must be 0 with persistent volumes, got 0.5"],
  },
  {
    title: "an unreachable strategy with persistent volumes",
    source: "§1.2",
    request: { ...persistent, unreachableStrategy: {} },
    failures: ['unreachableStrategy: must be "disabled" with persistent volumes'],
  },
  {
    title: "residency without persistent volumes",
    source: "§1.2",
    request: { residency: {} },
    failures: ["residency: needs a persistent volume in container.volumes; remove it"],
  },
  {
    title: "inactive after it is expunged",
    source: "§1.2",
    request: { unreachableStrategy: { inactiveAfterSeconds: 2, expungeAfterSeconds: 1 } },
    failures: ["unreachableStrategy.inactiveAfterSeconds: must not be more than expungeAfterSeconds"],
  },
  {
    title: "two instances of a single one",
    source: "§1.2",
    request: {
      labels: { MARATHON_SINGLE_INSTANCE_APP: "true" },
      instances: 2,
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    },
    failures: ["instances: must be 0 or 1 with the label MARATHON_SINGLE_INSTANCE_APP, got 2"],
  },
  {
    title: "host and bridge together",
    source: "§1.4",
    request: { networks: [{ mode: "host" }, ...bridge] },
    failures: [
      "networks: must be one host network, one container/bridge network, or any of mode container, got host, container/bridge",
    ],
  },
  {
    title: "two container networks in Docker",
    source: "§1.4",
    request: { container: { docker: image }, networks: [{ name: "a" }, { name: "b" }] },
    failures: [
      "networks: must have at most one container network in a container of type DOCKER; use type MESOS",
    ],
  },
  {
    title: "a name for the bridge",
    source: "§1.4",
    request: { container: { docker: image }, networks: [{ mode: "container/bridge", name: "a" }] },
    failures: ["networks[0].name: must not be given for mode container/bridge"],
  },
  {
    title: "networks in old and new form",
    source: "§1.7.5",
    request: { container: { docker: { ...image, network: "BRIDGE" } }, networks: bridge },
    failures: [
      "container.docker.network: give networks or container.docker.network, not both; networks is the newer form",
    ],
  },
  {
    title: "port mappings in both places",
    source: "§1.7.5",
    request: {
      container: { docker: { ...image, portMappings: [{ containerPort: 80 }] }, portMappings: [] },
      networks: bridge,
    },
    failures: [
      "container.docker.portMappings: give container.portMappings or container.docker.portMappings, not both",
    ],
  },
  {
    title: "ports and other port definitions",
    source: "§1.7.5",
    request: { ports: [1], portDefinitions: [{ port: 2 }] },
    failures: ["ports: give portDefinitions or ports, not both"],
  },
  {
    title: "uris and fetch",
    source: "§1.7.5",
    request: { uris: ["http://x/a"], fetch: [{ uri: "http://x/b" }] },
    failures: ["uris: give fetch or uris, not both; fetch is the newer form"],
  },
  {
    title: "a service port twice",
    source: "§1.2",
    request: { portDefinitions: [{ port: 80 }, { port: 80 }] },
    failures: ["portDefinitions: ports must be unique, got 80 twice"],
  },
  {
    title: "a port's name twice",
    source: "§1.3",
    request: {
      container: { docker: image, portMappings: [{ name: "http" }, { name: "http" }] },
      networks: bridge,
    },
    failures: ['container.portMappings: names must be unique, got "http" twice'],
  },
  {
    title: "a port of a network that the app has not",
    source: "§1.3",
    request: {
      container: { ...mesos, portMappings: [{ networkNames: ["b"] }] },
      networks: [{ name: "a" }],
    },
    failures: ['container.portMappings[0].networkNames: must name container networks of the app, got "b"'],
  },
];
