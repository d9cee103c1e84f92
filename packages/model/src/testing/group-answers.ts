// SPDX-License-Identifier: Apache-2.0

/** A group and what Marathon answers for it, kept by hand; of apps only what their place in the group decides. */
export interface GroupAnswer {
  readonly title: string;
  /** Section of reference/marathon.md. */
  readonly source: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** The answer with only `id`, `dependencies` and `role` of apps. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly server?: { readonly version?: string; readonly role?: string; readonly enforceRole?: boolean };
}

const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 100", ...more });

export const groupAnswers: readonly GroupAnswer[] = [
  {
    title: "a relative path is below the root",
    source: "§1.7.1",
    request: { id: "shop" },
    answer: { id: "/shop", enforceRole: false },
  },
  {
    title: "paths of apps and groups are resolved against the group around them",
    source: "§1.7.1",
    request: {
      id: "/shop",
      apps: [app("web", { dependencies: ["db", "../other", "/abs/x", "./web2"] })],
      groups: [{ id: "back", apps: [app("queue", { dependencies: ["../web", "sql"] })] }],
    },
    answer: {
      id: "/shop",
      enforceRole: false,
      apps: [{ id: "/shop/web", dependencies: ["/shop/db", "/other", "/abs/x", "/shop/web2"], role: "*" }],
      groups: [
        {
          id: "/shop/back",
          apps: [{ id: "/shop/back/queue", dependencies: ["/shop/web", "/shop/back/sql"], role: "*" }],
        },
      ],
    },
  },
  {
    title: "dependencies of a group are resolved against itself, and are a set",
    source: "§1.7.1, §1.7.8",
    request: { id: "/shop", dependencies: ["../db", "/db", "inner"] },
    answer: { id: "/shop", enforceRole: false, dependencies: ["/db", "/shop/inner"] },
  },
  {
    title: "lists that are absent stay so, lists that are empty, too",
    source: "§1.8",
    request: { id: "/shop", apps: [], groups: [{ id: "x" }], dependencies: [] },
    answer: { id: "/shop", enforceRole: false, apps: [], groups: [{ id: "/shop/x" }] },
  },
  {
    title: "a group that enforces its role gives its name to apps that name none",
    source: "§1.2, §1.8",
    request: {
      id: "/shop",
      enforceRole: true,
      apps: [app("web"), app("old", { role: "services" })],
      groups: [{ id: "back", apps: [app("queue")] }],
    },
    answer: {
      id: "/shop",
      enforceRole: true,
      apps: [
        { id: "/shop/web", role: "shop" },
        { id: "/shop/old", role: "services" },
      ],
      groups: [{ id: "/shop/back", apps: [{ id: "/shop/back/queue", role: "shop" }] }],
    },
    server: { role: "services" },
  },
  {
    title: "the server decides whether a group enforces its role that does not say",
    source: "§1.8",
    request: { id: "/shop", apps: [app("web")] },
    answer: { id: "/shop", enforceRole: true, apps: [{ id: "/shop/web", role: "shop" }] },
    server: { role: "services", enforceRole: true },
  },
  {
    title: "a group that says no enforces nothing",
    source: "§1.8",
    request: { id: "/shop", enforceRole: false, apps: [app("web")] },
    answer: { id: "/shop", enforceRole: false, apps: [{ id: "/shop/web", role: "services" }] },
    server: { role: "services", enforceRole: true },
  },
  {
    title: "a group below the top has no word on roles",
    source: "§1.8",
    request: { id: "/shop/back", apps: [app("web")] },
    answer: { id: "/shop/back", apps: [{ id: "/shop/back/web", role: "services" }] },
    server: { role: "services" },
  },
  {
    title: "there are no roles before 1.9",
    source: "§7.1",
    request: { id: "/shop", enforceRole: true, apps: [app("web")] },
    answer: { id: "/shop", apps: [{ id: "/shop/web" }] },
    server: { version: "1.8.244" },
  },
  {
    title: "versions, pods and unknown keys are no part of a group",
    source: "§1.8",
    request: {
      id: "/shop",
      version: "v",
      pods: [{}],
      nonsense: 1,
      groups: [{ id: "x", version: "v", pods: [] }],
    },
    answer: { id: "/shop", enforceRole: false, groups: [{ id: "/shop/x" }] },
  },
  {
    title: "null is absent",
    source: "§1.7.10",
    request: { id: "/shop", apps: null, groups: null, dependencies: null, enforceRole: null },
    answer: { id: "/shop", enforceRole: false },
  },
];
