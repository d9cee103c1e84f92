// SPDX-License-Identifier: Apache-2.0

/** A group that Marathon refuses, or would take without doing what it says, kept by hand. */
export interface GroupRefusal {
  readonly title: string;
  /** Section of reference/marathon.md, or the validation of Marathon 1.10 that says so. */
  readonly source: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** Every failure as `path: message`. */
  readonly failures: readonly string[];
}

const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 1", ...more });

export const groupRefusals: readonly GroupRefusal[] = [
  {
    title: "an app of another group",
    source: "§1.8, state/PathId.scala",
    request: { id: "/shop", apps: [app("/other/web"), app("deep/web")] },
    failures: [
      "apps[0].id: must be directly in its group /shop, got /other/web; give a single name such as web",
      "apps[1].id: must be directly in its group /shop, got /shop/deep/web; give a single name such as web",
    ],
  },
  {
    title: "a group of another group",
    source: "§1.8, state/Group.scala",
    request: { id: "/shop", groups: [{ id: "../db" }] },
    failures: ["groups[0].id: must be directly in its group /shop, got /db; give a single name such as db"],
  },
  {
    title: "an app and a group of one path",
    source: "§1.8",
    request: { id: "/shop", apps: [app("web")], groups: [{ id: "/shop/web" }] },
    failures: ["groups[0].id: an app of this group has the path /shop/web, too"],
  },
  {
    title: "two apps of one path",
    source: "§1.8",
    request: { id: "/shop", apps: [app("web"), app("/shop/web", { instances: 2 })] },
    failures: ["apps[1].id: another app of this group has the path /shop/web, too"],
  },
  {
    title: "a circle of apps",
    source: "§1.8",
    request: {
      id: "/shop",
      apps: [app("a", { dependencies: ["b"] }), app("b", { dependencies: ["/shop/c"] })],
      groups: [{ id: "c", apps: [app("d", { dependencies: ["../a"] })] }],
    },
    failures: [
      "groups[0].apps[0].dependencies: must not go in a circle, got /shop/a -> /shop/b -> /shop/c -> /shop/c/d -> /shop/a; remove one of these dependencies",
    ],
  },
  {
    title: "groups that wait for each other",
    source: "§1.8",
    request: {
      id: "/shop",
      groups: [
        { id: "a", dependencies: ["/shop/b"], apps: [app("x")] },
        { id: "b", dependencies: ["../a"], apps: [app("y")] },
      ],
    },
    failures: [
      "groups[1].dependencies: must not go in a circle, got /shop/a -> /shop/a/x -> /shop/b -> /shop/b/y -> /shop/a; remove one of these dependencies",
    ],
  },
  {
    title: "an app that waits for itself",
    source: "§1.8",
    request: { id: "/shop", apps: [app("a", { dependencies: ["a", "../shop/a"] })] },
    failures: ["apps[0].dependencies: must not contain the app itself (/shop/a)"],
  },
  {
    title: "an enforced role below the top",
    source: "§1.8, state/Group.scala",
    request: { id: "/shop/db", enforceRole: true },
    failures: ["enforceRole: is for top-level groups only, and /shop/db is not one; remove it"],
  },
  {
    title: "the root",
    source: "§1.8",
    request: { id: "/shop/.." },
    failures: ["id: must name a group, got the root"],
  },
  {
    title: "a group whose path is Marathon's own",
    source: "§1.6",
    request: { id: "/shop/tasks" },
    failures: ["id: must not end in tasks, because Marathon's own paths end so; choose another last segment"],
  },
  {
    title: "every fault of its apps, at any depth",
    source: "§1.8",
    request: {
      id: "/shop",
      apps: [{ id: "web" }, app("db", { cpus: -1, args: ["x"] })],
      groups: [{ id: "x", groups: [{ id: "y", apps: [app("restart", { env: { apps: 1 } })] }] }],
    },
    failures: [
      "apps[1].cpus: must be 0.001 or more, got -1",
      "groups[0].groups[0].apps[0].env.apps: must be a string or an object, got a value that is not shown",
      "apps[0].cmd: must be given, or args, or a container with an image",
      "apps[1].args: give cmd or args, not both",
      "groups[0].groups[0].apps[0].id: must not end in restart, because Marathon's own paths end so; choose another last segment",
    ],
  },
];
