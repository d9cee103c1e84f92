// SPDX-License-Identifier: Apache-2.0
import type { AppAnswer } from "./app-answers";

const image = { image: "nginx" };
const docker = { image: "nginx", forcePullImage: false, privileged: false, parameters: [] };
const mapping = { containerPort: 0, servicePort: 0, protocol: "tcp", labels: {} };
const bridge = [{ mode: "container/bridge" }];

export const networkAnswers: readonly AppAnswer[] = [
  {
    title: "a container of no type is Docker's, with what is present when empty",
    source: "§1.3, §1.7.11",
    request: { container: { docker: image } },
    answer: { container: { type: "DOCKER", docker, volumes: [] }, networks: [{ mode: "host" }] },
  },
  {
    title: "a Mesos container without an image is legal",
    source: "§1.3",
    request: { container: { type: "MESOS" } },
    answer: { container: { type: "MESOS", volumes: [] } },
  },
  {
    title: "the bridge without mappings gets one named default with host port 0",
    source: "§1.3, §1.7.4",
    request: { container: { docker: image }, networks: bridge },
    answer: {
      container: {
        type: "DOCKER",
        docker,
        volumes: [],
        portMappings: [{ ...mapping, name: "default", hostPort: 0 }],
      },
      networks: bridge,
    },
    absent: ["portDefinitions"],
  },
  {
    title: "on the bridge a missing host port becomes 0",
    source: "§1.7.4",
    request: { container: { docker: image, portMappings: [{ containerPort: 80 }] }, networks: bridge },
    answer: {
      container: {
        type: "DOCKER",
        docker,
        volumes: [],
        portMappings: [{ ...mapping, containerPort: 80, hostPort: 0 }],
      },
    },
  },
  {
    title: "on a container network a missing host port stays absent",
    source: "§1.7.4",
    request: {
      container: { docker: image, portMappings: [{ containerPort: 80 }] },
      networks: [{ mode: "container", name: "dcos" }],
    },
    answer: {
      container: { type: "DOCKER", docker, volumes: [], portMappings: [{ ...mapping, containerPort: 80 }] },
      networks: [{ mode: "container", name: "dcos" }],
    },
  },
  {
    title: "no port mappings stay none",
    source: "§1.3",
    request: { container: { docker: image, portMappings: [] }, networks: bridge },
    answer: { container: { type: "DOCKER", docker, volumes: [], portMappings: [] } },
  },
  {
    title: "on the host network port mappings are dropped",
    source: "§1.3",
    request: { container: { docker: image, portMappings: [{ containerPort: 80 }] } },
    answer: {
      container: { type: "DOCKER", docker, volumes: [] },
      portDefinitions: [{ port: 0, name: "default", protocol: "tcp" }],
    },
  },
  {
    title: "a network without a container gets a Mesos container with the default port",
    source: "§1.3",
    request: { networks: [{ mode: "container", name: "dcos" }] },
    answer: { container: { type: "MESOS", volumes: [], portMappings: [{ ...mapping, name: "default" }] } },
    absent: ["portDefinitions"],
  },
  {
    title: "a network of no mode is a container network",
    source: "§1.4",
    request: { networks: [{ name: "dcos" }] },
    answer: { networks: [{ mode: "container", name: "dcos" }] },
  },
  {
    title: "a container network without a name takes the server's",
    source: "§1.4, §1.7.9",
    request: { networks: [{ mode: "container" }] },
    answer: { networks: [{ mode: "container", name: "overlay" }] },
    server: { defaultNetwork: "overlay" },
  },
  {
    title: "the server's network name is not for the bridge",
    source: "§1.4",
    request: { container: { docker: image }, networks: bridge },
    answer: { networks: bridge },
    server: { defaultNetwork: "overlay" },
  },
  {
    title: "network labels stay, empty ones go",
    source: "§1.4",
    request: {
      networks: [
        { mode: "container", name: "a", labels: { x: "y" } },
        { name: "b", labels: {} },
      ],
    },
    answer: {
      networks: [
        { mode: "container", name: "a", labels: { x: "y" } },
        { mode: "container", name: "b" },
      ],
    },
  },
  {
    title: "old BRIDGE and its port mappings become new ones",
    source: "§1.7.5, §6.4 A",
    request: {
      container: { docker: { ...image, network: "BRIDGE", portMappings: [{ containerPort: 80 }] } },
    },
    answer: {
      container: {
        type: "DOCKER",
        docker,
        volumes: [],
        portMappings: [{ ...mapping, containerPort: 80, hostPort: 0 }],
      },
      networks: bridge,
    },
  },
  {
    title: "old HOST becomes the host network",
    source: "§1.7.5",
    request: { container: { docker: { ...image, network: "HOST" } } },
    answer: { container: { type: "DOCKER", docker, volumes: [] }, networks: [{ mode: "host" }] },
  },
  {
    title: "old USER becomes a container network named by ipAddress",
    source: "§1.7.5",
    request: {
      container: { docker: { ...image, network: "USER", portMappings: [{ containerPort: 80 }] } },
      ipAddress: { networkName: "dcos", labels: { a: "b" } },
    },
    answer: {
      container: { type: "DOCKER", docker, volumes: [], portMappings: [{ ...mapping, containerPort: 80 }] },
      networks: [{ mode: "container", name: "dcos", labels: { a: "b" } }],
    },
    absent: ["ipAddress"],
  },
  {
    title: "ipAddress alone becomes a container network and a Mesos container",
    source: "§1.7.5",
    request: { ipAddress: { networkName: "dcos" } },
    answer: {
      container: { type: "MESOS", volumes: [], portMappings: [{ ...mapping, name: "default" }] },
      networks: [{ mode: "container", name: "dcos" }],
    },
    absent: ["ipAddress"],
  },
  {
    title: "ports of ipAddress become port mappings",
    source: "§1.7.5",
    request: {
      ipAddress: {
        networkName: "dcos",
        discovery: { ports: [{ number: 80, name: "http", protocol: "tcp" }] },
      },
    },
    answer: {
      container: {
        type: "MESOS",
        volumes: [],
        portMappings: [{ ...mapping, containerPort: 80, name: "http" }],
      },
    },
  },
  {
    title: "ports become port definitions without names",
    source: "§1.7.5",
    request: { ports: [8080, 0] },
    answer: {
      portDefinitions: [
        { port: 8080, protocol: "tcp" },
        { port: 0, protocol: "tcp" },
      ],
    },
    absent: ["ports"],
  },
  {
    title: "no ports stay none",
    source: "§1.2",
    request: { portDefinitions: [] },
    answer: { portDefinitions: [] },
  },
  {
    title: "port definitions get their defaults and keep their labels",
    source: "§1.2",
    request: { portDefinitions: [{ name: "http", labels: { VIP_0: "web:80" } }], requirePorts: true },
    answer: {
      portDefinitions: [{ port: 0, name: "http", protocol: "tcp", labels: { VIP_0: "web:80" } }],
      requirePorts: true,
    },
  },
  {
    title: "off the host network port definitions become extra default mappings",
    source: "§1.7.6",
    request: {
      container: { docker: image, portMappings: [{ containerPort: 80 }] },
      networks: bridge,
      portDefinitions: [{ port: 0 }, { port: 0, name: "x" }],
    },
    answer: {
      container: {
        type: "DOCKER",
        docker,
        volumes: [],
        portMappings: [
          { ...mapping, containerPort: 80, hostPort: 0 },
          { ...mapping, hostPort: 0 },
        ],
      },
    },
    absent: ["portDefinitions"],
  },
  {
    title: "off the host network requirePorts is false",
    source: "§1.2, §1.7.9",
    request: { container: { docker: image }, networks: bridge, requirePorts: true },
    answer: { requirePorts: false },
  },
  {
    title: "names of networks on a port stay, an empty list goes",
    source: "§1.3",
    request: {
      container: {
        type: "MESOS",
        portMappings: [
          { containerPort: 1, networkNames: ["a"] },
          { containerPort: 2, networkNames: [] },
        ],
      },
      networks: [{ name: "a" }, { name: "b" }],
    },
    answer: {
      container: {
        type: "MESOS",
        volumes: [],
        portMappings: [
          { ...mapping, containerPort: 1, networkNames: ["a"] },
          { ...mapping, containerPort: 2 },
        ],
      },
    },
  },
  {
    title: "kernel isolation is lost in Docker containers",
    source: "§1.3",
    request: { container: { docker: image, linuxInfo: { ipcInfo: { mode: "PRIVATE", shmSize: 8 } } } },
    answer: { container: { type: "DOCKER", docker, volumes: [] } },
  },
  {
    title: "kernel isolation of a Mesos container gets its default",
    source: "§1.3",
    request: { container: { type: "MESOS", linuxInfo: { seccomp: { profileName: "p" } } } },
    answer: {
      container: {
        type: "MESOS",
        volumes: [],
        linuxInfo: { seccomp: { profileName: "p", unconfined: false } },
      },
    },
  },
];
