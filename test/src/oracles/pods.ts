// SPDX-License-Identifier: Apache-2.0
import { bridge, host, type Oracle } from "./oracle";

const normalization = "src/test/…/api/v2/PodNormalizationTest.scala";
const pods = "docs/docs/pods.md";

const resources = { cpus: 0.1, mem: 32 };
const filled = { cpus: 0.1, mem: 32, disk: 0, gpus: 0 };
const sleep = { command: { shell: "sleep 1000" } };
const fixed = { kind: "fixed", instances: 1 };
const virtual = [{ mode: "container", name: "my-virtual-network-name" }];
const web = { name: "web", containerPort: 80, protocol: ["http"] };
const scheduling = (maxLaunchDelay = 300) => ({
  backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay },
  upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
  placement: {},
  killSelection: "YOUNGEST_FIRST",
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
});
const withEndpoint = (networks: readonly object[], endpoint: object) => ({
  id: "/foo",
  containers: [{ name: "c1", resources: {}, endpoints: [endpoint] }],
  networks,
});
const answered = (endpoint: object) => ({
  containers: [{ name: "c1", resources: { cpus: 1, mem: 128, disk: 0, gpus: 0 }, endpoints: [endpoint] }],
});
const named = (networks: readonly object[]) => ({
  id: "/foo",
  containers: [{ name: "c", resources: {} }],
  networks,
});

/** Pods; fields of the answer that Marathon's documentation of 1.4 shows as null are absent since 1.5. */
export const podOracles: readonly Oracle[] = [
  {
    title: "an endpoint on the bridge",
    source: `${normalization}: convert empty hostPort to zero, for bridge mode only`,
    request: withEndpoint(bridge, { name: "e1", containerPort: 1 }),
    answer: answered({ name: "e1", containerPort: 1, hostPort: 0 }),
  },
  {
    title: "an endpoint on a container network",
    source: `${normalization}: convert empty hostPort to zero … (withContainerNetwork)`,
    request: withEndpoint([{ mode: "container", name: "n1" }], { name: "e1", containerPort: 1 }),
    answer: answered({ name: "e1", containerPort: 1 }),
  },
  {
    title: "an endpoint on the host",
    source: `${normalization}: convert empty hostPort to zero … (withHostNetwork)`,
    request: withEndpoint(host, { name: "e1" }),
    answer: answered({ name: "e1", hostPort: 0 }),
  },
  {
    title: "a network's name",
    source: `${normalization}: without default network name`,
    request: named([{ name: "net1" }]),
    answer: { networks: [{ mode: "container", name: "net1" }] },
  },
  {
    title: "a network without a name where there is a default",
    source: `${normalization}: with default network name`,
    request: named([{}]),
    answer: { networks: [{ mode: "container", name: "default1" }] },
    server: { defaultNetwork: "default1" },
  },
  {
    title: "a network's name where there is a default",
    source: `${normalization}: with default network name (withNetworkName)`,
    request: named([{ name: "net1" }]),
    answer: { networks: [{ mode: "container", name: "net1" }] },
    server: { defaultNetwork: "default1" },
  },
  {
    title: "the simplest pod",
    source: `${pods}: Quick Start`,
    request: {
      id: "/simplepod",
      scaling: fixed,
      containers: [{ name: "sleep1", exec: sleep, resources }],
      networks: host,
    },
    answer: {
      id: "/simplepod",
      scaling: fixed,
      containers: [{ name: "sleep1", exec: sleep, resources: filled }],
      networks: host,
      scheduling: scheduling(),
      executorResources: { cpus: 0.1, mem: 32, disk: 10 },
      role: "*",
    },
    absent: ["user", "environment", "labels", "secrets", "volumes"],
  },
  {
    title: "three containers and a longest delay of an hour",
    source: `${pods}: A Pod with Multiple Containers`,
    request: {
      id: "/pod-with-multiple-containers",
      containers: ["sleep1", "sleep2", "sleep3"].map((name) => ({ name, exec: sleep, resources: filled })),
      networks: host,
      scaling: { kind: "fixed", instances: 10 },
      scheduling: {
        backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 3600 },
        upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
      },
    },
    answer: {
      containers: ["sleep1", "sleep2", "sleep3"].map((name) => ({ name, exec: sleep, resources: filled })),
      scaling: { kind: "fixed", instances: 10 },
      scheduling: scheduling(3600),
    },
  },
  {
    title: "an ephemeral volume of two containers",
    source: `${pods}: A Pod that Uses Ephemeral Volumes`,
    request: {
      id: "/with-ephemeral-vol",
      scaling: fixed,
      containers: [
        { name: "ct1", resources, exec: sleep, volumeMounts: [{ name: "v1", mountPath: "jdef-v1" }] },
        { name: "ct2", resources, exec: sleep, volumeMounts: [{ name: "v1", mountPath: "etc" }] },
      ],
      networks: host,
      volumes: [{ name: "v1" }],
    },
    answer: {
      containers: [
        {
          name: "ct1",
          resources: filled,
          exec: sleep,
          volumeMounts: [{ name: "v1", mountPath: "jdef-v1", readOnly: false }],
        },
        {
          name: "ct2",
          resources: filled,
          exec: sleep,
          volumeMounts: [{ name: "v1", mountPath: "etc", readOnly: false }],
        },
      ],
      volumes: [{ name: "v1" }],
    },
  },
  {
    title: "a virtual network",
    source: `${pods}: IP-per-Pod Networking`,
    request: {
      id: "/pod-with-virtual-network",
      scaling: fixed,
      containers: [{ name: "sleep1", exec: sleep, resources }],
      networks: virtual,
    },
    answer: { networks: virtual },
  },
  {
    title: "an endpoint that others talk to",
    source: `${pods}: This pod declares a "web" endpoint that listens on port 80`,
    request: {
      id: "/pod-with-endpoint",
      scaling: fixed,
      containers: [{ name: "sleep1", exec: sleep, resources, endpoints: [web] }],
      networks: virtual,
    },
    answer: { containers: [{ name: "sleep1", exec: sleep, resources: filled, endpoints: [web] }] },
  },
  {
    title: "a health check by HTTP",
    source: `${pods}: This pod adds a health check that references the "web" endpoint`,
    request: {
      id: "/pod-with-healthcheck",
      scaling: fixed,
      containers: [
        {
          name: "sleep1",
          exec: sleep,
          resources,
          image: { id: "nginx", kind: "DOCKER" },
          endpoints: [web],
          healthCheck: { http: { endpoint: "web", path: "/ping" } },
        },
      ],
      networks: virtual,
    },
    answer: {
      containers: [
        {
          name: "sleep1",
          exec: sleep,
          resources: filled,
          image: { id: "nginx", kind: "DOCKER" },
          endpoints: [web],
          healthCheck: {
            http: { endpoint: "web", path: "/ping", scheme: "HTTP" },
            gracePeriodSeconds: 300,
            intervalSeconds: 60,
            maxConsecutiveFailures: 3,
            timeoutSeconds: 20,
            delaySeconds: 15,
          },
        },
      ],
    },
  },
  {
    title: "a container with nearly everything",
    source: `${pods}: Comprehensive Pod (its endpoint on the bridge, its mount of the volume that there is)`,
    request: {
      id: "/complete-pod",
      labels: { owner: "zeus", note: "Away from olympus" },
      environment: { XPS1: "Test" },
      volumes: [{ name: "etc", host: "/hdd/tools/docker/registry" }],
      networks: bridge,
      scaling: fixed,
      containers: [
        {
          name: "container1",
          exec: { command: { shell: "sleep 100" }, overrideEntrypoint: false },
          resources: { cpus: 1, mem: 128, disk: 0, gpus: 0 },
          endpoints: [{ name: "http-endpoint", containerPort: 80, hostPort: 0, protocol: ["http"] }],
          image: { id: "mesosphere/marathon:latest", kind: "DOCKER", forcePull: false },
          environment: { XPS1: "Test" },
          user: "root",
          volumeMounts: [{ name: "etc", mountPath: "/mnt/etc", readOnly: true }],
          artifacts: [{ uri: "https://foo.com/archive.zip", cache: true, destPath: "path/to/archive.zip" }],
          labels: { owner: "zeus" },
          lifecycle: { killGracePeriodSeconds: 60 },
        },
      ],
    },
    answer: {
      labels: { owner: "zeus", note: "Away from olympus" },
      environment: { XPS1: "Test" },
      volumes: [{ name: "etc", host: "/hdd/tools/docker/registry" }],
      containers: [
        {
          name: "container1",
          exec: { command: { shell: "sleep 100" }, overrideEntrypoint: false },
          resources: { cpus: 1, mem: 128, disk: 0, gpus: 0 },
          endpoints: [{ name: "http-endpoint", containerPort: 80, hostPort: 0, protocol: ["http"] }],
          image: { id: "mesosphere/marathon:latest", kind: "DOCKER", forcePull: false },
          environment: { XPS1: "Test" },
          user: "root",
          volumeMounts: [{ name: "etc", mountPath: "/mnt/etc", readOnly: true }],
          artifacts: [
            {
              uri: "https://foo.com/archive.zip",
              extract: true,
              executable: false,
              cache: true,
              destPath: "path/to/archive.zip",
            },
          ],
          labels: { owner: "zeus" },
          lifecycle: { killGracePeriodSeconds: 60 },
        },
      ],
    },
  },
];
