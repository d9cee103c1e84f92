// SPDX-License-Identifier: Apache-2.0

/** A kind of resource that Marathon deploys, for tests that hold for all of them. */
export interface MarathonThing {
  readonly word: string;
  readonly type: string;
  /** Where it is made and where one of them is: `/v2/apps`, `/v2/apps/web`. */
  readonly collection: string;
  readonly one: (path: string) => string;
  /** Where all of them are listed, and an answer that lists none. */
  readonly list: { readonly at: string; readonly empty: string };
  /** Where the versions are of that whose environment variable `env` sets. */
  readonly versions: (path: string) => string;
  /** Where it is told with its tasks, and these in the answer. */
  readonly status: (path: string) => string;
  readonly tasksIn: (answer: never) => readonly unknown[];
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
  list: { at: "/v2/apps", empty: '{"apps":[]}' },
  versions: (path) => `/v2/apps${path}/versions`,
  status: (path) => `/v2/apps${path}`,
  tasksIn: ({ app }: { app: { tasks: unknown[] } }) => app.tasks,
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
  list: { at: "/v2/pods/::status", empty: "[]" },
  versions: (path) => `/v2/pods${path}::versions`,
  status: (path) => `/v2/pods${path}::status`,
  tasksIn: ({ instances }: { instances: unknown[] }) => instances,
  inputs: (podId, { instances = 2, env = "1", more = {} } = {}) => ({
    podId,
    containers: [{ name: "main", resources: { cpus: 0.1, mem: 16 }, exec: { command: { shell: command } } }],
    environment: { RELEASE: env },
    scaling: { kind: "fixed", instances },
    ...more,
  }),
};

/** An app that depends on a group with another one, which has one of the `instances`. */
export const groupThing: MarathonThing = {
  word: "group",
  type: "mesos:marathon:Group",
  collection: "/v2/groups",
  one: (path) => `/v2/groups${path}`,
  list: { at: "/v2/groups", empty: '{"id":"/"}' },
  versions: (path) => `/v2/apps${path}/front/versions`,
  status: (path) => `/v2/apps?id=${path}/&embed=apps.tasks`,
  tasksIn: ({ apps }: { apps: { tasks: unknown[] }[] }) => apps.flatMap(({ tasks }) => tasks),
  inputs: (groupId, { instances = 2, env = "1", more = {} } = {}) => {
    const app = { cmd: command, cpus: 0.1, mem: 16 };
    const front = { ...app, id: "front", dependencies: ["back"], env: { RELEASE: env } };
    return {
      groupId,
      apps: [{ ...front, instances: instances - 1, ...more }],
      groups: [{ id: "back", apps: [{ ...app, id: "db", instances: 1 }] }],
    };
  },
};

/** Those that are one definition of Marathon's. */
export const marathonThings = [appThing, podThing] as const;
