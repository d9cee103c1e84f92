// SPDX-License-Identifier: Apache-2.0
import type { AppRefusal } from "./app-refusals";

const image = { image: "nginx" };
const mesos = { type: "MESOS" };
const bridge = [{ mode: "container/bridge" }];
const volume = (v: object) => ({ container: { ...mesos, volumes: [v] } });

export const containerRefusals: readonly AppRefusal[] = [
  {
    title: "the default container type without an image",
    source: "§1.3",
    request: { container: {} },
    failures: [
      'container.docker: must be given for type DOCKER, which is the default; without an image give type: "MESOS"',
    ],
  },
  {
    title: "a privileged Mesos container",
    source: "§1.3",
    request: { container: { ...mesos, docker: { ...image, privileged: true } } },
    failures: [
      "container.docker.privileged: must not be given for type MESOS; it is for containers of type DOCKER",
    ],
  },
  {
    title: "a volume that is nothing",
    source: "§1.3",
    request: volume({ containerPath: "d" }),
    failures: ["container.volumes[0]: must have one of hostPath, persistent, external and secret, got none"],
  },
  {
    title: "a host volume without its mode",
    source: "§1.3",
    request: volume({ containerPath: "/d", hostPath: "/d" }),
    failures: ['container.volumes[0].mode: must be given: "RO" or "RW"'],
  },
  {
    title: "a slash in a persistent volume's path",
    source: "§1.3",
    request: volume({ containerPath: "/d", persistent: { size: 1 } }),
    failures: [
      'container.volumes[0].containerPath: must be a name without a slash for a persistent volume, got "/d"',
    ],
  },
  {
    title: "a largest size of a disk that is no mount",
    source: "§1.3",
    request: volume({ containerPath: "d", persistent: { size: 1, maxSize: 2 } }),
    failures: ['container.volumes[0].persistent.maxSize: must only be given for type "mount"'],
  },
  {
    title: "port and port index",
    source: "§1.5",
    request: { healthChecks: [{ port: 80, portIndex: 0 }] },
    failures: ["healthChecks[0].port: give port or portIndex, not both"],
  },
  {
    title: "an index beyond the only port",
    source: "§6.4 I",
    request: { healthChecks: [{ portIndex: 1 }] },
    failures: ["healthChecks[0].portIndex: must be 0, because the app has one port, got 1"],
  },
  {
    title: "an index beyond several ports",
    source: "§6.4 I",
    request: {
      container: { docker: image, portMappings: [{ containerPort: 1 }, { containerPort: 2 }] },
      networks: bridge,
      healthChecks: [{ portIndex: 2 }],
    },
    failures: ["healthChecks[0].portIndex: must be between 0 and 1, because the app has 2 ports, got 2"],
  },
  {
    title: "a check of an app without ports",
    source: "§1.5",
    request: { portDefinitions: [], healthChecks: [{}] },
    failures: ["healthChecks[0].port: must be given, because the app has no ports"],
  },
  {
    title: "a COMMAND check without a command",
    source: "§1.5",
    request: { healthChecks: [{ protocol: "COMMAND" }] },
    failures: ["healthChecks[0].command: must be given for protocol COMMAND"],
  },
  {
    title: "a COMMAND check with a path",
    source: "§1.7.7",
    request: { healthChecks: [{ protocol: "COMMAND", command: { value: "true" }, path: "/" }] },
    failures: ["healthChecks[0].path: must not be given for protocol COMMAND"],
  },
  {
    title: "two MESOS_* checks",
    source: "§1.5",
    request: { healthChecks: [{ protocol: "MESOS_HTTP" }, { protocol: "MESOS_TCP" }] },
    failures: [
      "healthChecks: must have at most one MESOS_* check, and then no COMMAND check, got MESOS_HTTP, MESOS_TCP",
    ],
  },
  {
    title: "Marathon's and Mesos's checks together",
    source: "§1.5",
    request: { healthChecks: [{ protocol: "MESOS_HTTP" }, { protocol: "TCP" }] },
    failures: ["healthChecks: must not mix MESOS_* checks with HTTP, HTTPS and TCP checks"],
  },
  {
    title: "IPv6 of a check by Marathon",
    source: "§1.5",
    request: { healthChecks: [{ ipProtocol: "IPv6" }] },
    failures: [
      'healthChecks[0].ipProtocol: must be "IPv4"; IPv6 is for MESOS_* checks in containers of type DOCKER',
    ],
  },
  {
    title: "a readiness check of a port that is not there",
    source: "§1.5",
    request: { readinessChecks: [{}] },
    failures: ['readinessChecks[0].portName: must be the name of a port (default), got "http-api"'],
  },
  {
    title: "a readiness check that times out too late",
    source: "§1.5",
    request: { readinessChecks: [{ portName: "default", intervalSeconds: 5 }] },
    failures: ["readinessChecks[0].timeoutSeconds: must be less than intervalSeconds (5), got 10"],
  },
  {
    title: "a Mesos check of Docker",
    source: "§1.2",
    request: { check: { tcp: {} }, container: { docker: image } },
    failures: ["check: must not be given for a container of type DOCKER; use healthChecks or type MESOS"],
  },
  {
    title: "a Mesos check of two kinds",
    source: "§1.2",
    request: { check: { tcp: {}, http: {} } },
    failures: ["check: must have one of http, tcp and exec, got http and tcp"],
  },
];
