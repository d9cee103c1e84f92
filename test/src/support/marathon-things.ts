// SPDX-License-Identifier: Apache-2.0

/** A kind of resource that Marathon deploys, for tests that hold for all of them. */
export interface MarathonThing {
  readonly word: string;
  readonly type: string;
  /** Where it is made and where one of them is: `/v2/apps`, `/v2/apps/web`. */
  readonly collection: string;
  readonly one: (path: string) => string;
  /** Inputs of a thing with `instances` tasks and one environment variable. */
  readonly inputs: (
    path: string,
    o?: { instances?: number; env?: string; more?: object },
  ) => Record<string, unknown>;
}

const command = "sleep 1000";

export const appThing: MarathonThing = {
  word: "app",
  type: "mesos:marathon:App",
  collection: "/v2/apps",
  one: (path) => `/v2/apps${path}`,
  inputs: (appId, { instances = 2, env = "1", more = {} } = {}) => ({
    appId,
    cmd: command,
    cpus: 0.1,
    mem: 16,
    instances,
    env: { RELEASE: env },
    ...more,
  }),
};

export const podThing: MarathonThing = {
  word: "pod",
  type: "mesos:marathon:Pod",
  collection: "/v2/pods",
  one: (path) => `/v2/pods${path}`,
  inputs: (podId, { instances = 2, env = "1", more = {} } = {}) => ({
    podId,
    containers: [{ name: "main", resources: { cpus: 0.1, mem: 16 }, exec: { command: { shell: command } } }],
    environment: { RELEASE: env },
    scaling: { kind: "fixed", instances },
    ...more,
  }),
};

export const marathonThings = [appThing, podThing] as const;
