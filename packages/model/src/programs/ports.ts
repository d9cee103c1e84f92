// SPDX-License-Identifier: Apache-2.0

/** The standard ports of an installation's programs; every node has an address of its own, so they never clash. */
export const ports = {
  zookeeper: { client: 2181, peer: 2888, election: 3888 },
  master: { http: 5050 },
  agent: { http: 5051 },
  marathon: { http: 8080 },
  edge: { api: 8000 },
  groups: { http: 8010 },
} as const;

/** Where masters call a Marathon back (libprocess), which without a fixed port would listen on any. */
export const marathonCallbackPort = 8081;

/** Mesos's default range of task ports, first and last. */
export const taskPorts: readonly [number, number] = [31000, 32000];
