// SPDX-License-Identifier: Apache-2.0
import type { Oracle } from "./oracle";

const groups = "docs/docs/application-groups.md";
const resource = "src/test/…/api/v2/AppsResourceTest.scala";
const example = "docs/docs/rest-api/public/api/v2/examples/group.json";
const raml = "docs/docs/rest-api/public/api/v2/types/group.raml";

const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 100", ...more });
const service = (dependency: string) => ({
  id: "/product",
  groups: [
    { id: "database", apps: [app("mongo")] },
    { id: "service", dependencies: [dependency], apps: [app("rails-app")] },
  ],
});
const served = {
  id: "/product",
  groups: [
    { id: "/product/database", apps: [{ id: "/product/database/mongo", role: "*" }] },
    {
      id: "/product/service",
      dependencies: ["/product/database"],
      apps: [{ id: "/product/service/rails-app", role: "*" }],
    },
  ],
};

/** Groups; of their apps the answers hold `id`, `role` and `dependencies`. */
export const groupOracles: readonly Oracle[] = [
  {
    title: "two groups in one, with absolute ids",
    source: `${groups}: Application Groups`,
    request: {
      id: "/product",
      groups: [
        {
          id: "/product/database",
          apps: [app("/product/database/mongo"), app("/product/database/mysql")],
        },
        {
          id: "/product/service",
          dependencies: ["/product/database"],
          apps: [app("/product/service/rails-app"), app("/product/service/play-app")],
        },
      ],
    },
    answer: {
      id: "/product",
      groups: [
        {
          id: "/product/database",
          apps: [
            { id: "/product/database/mongo", role: "*" },
            { id: "/product/database/mysql", role: "*" },
          ],
        },
        {
          id: "/product/service",
          dependencies: ["/product/database"],
          apps: [
            { id: "/product/service/rails-app", role: "*" },
            { id: "/product/service/play-app", role: "*" },
          ],
        },
      ],
    },
  },
  ...["/product/database", "../database", "specific/../../database"].map(
    (dependency): Oracle => ({
      title: `the dependency ${dependency} of a group`,
      source: `${groups}: Dependencies (all 3 definitions have the same meaning)`,
      request: service(dependency),
      answer: served,
    }),
  ),
  {
    title: "tools of 2015, a group without apps among them",
    source: example,
    request: {
      id: "/tools",
      apps: [app("/tools/oauth-server"), app("/tools/datadog-agent")],
      groups: [
        { id: "/tools/log", apps: [], groups: [], dependencies: [] },
        { id: "/tools/docker", apps: [app("/tools/docker/registry")], groups: [], dependencies: [] },
      ],
      dependencies: [],
    },
    answer: {
      id: "/tools",
      apps: [
        { id: "/tools/oauth-server", role: "*" },
        { id: "/tools/datadog-agent", role: "*" },
      ],
      groups: [
        { id: "/tools/log", apps: [], groups: [] },
        { id: "/tools/docker", apps: [{ id: "/tools/docker/registry", role: "*" }], groups: [] },
      ],
    },
  },
  {
    title: "an app in a group that enforces its role",
    source: `${resource}: Create a new app inside a top-level group with enforceRole applies the proper group-role default`,
    request: { id: "/dev", enforceRole: true, apps: [app("sleeper")] },
    answer: { id: "/dev", enforceRole: true, apps: [{ id: "/dev/sleeper", role: "dev" }] },
  },
  {
    title: "an app in a sub-group of a group that enforces its role",
    source: `${resource}: Create a new app inside a sub-group for which enforceRole is enabled …`,
    request: { id: "/dev", enforceRole: true, groups: [{ id: "backend", apps: [app("sleeper")] }] },
    answer: {
      id: "/dev",
      enforceRole: true,
      groups: [{ id: "/dev/backend", apps: [{ id: "/dev/backend/sleeper", role: "dev" }] }],
    },
  },
  {
    title: "an app with the role of its top-level group",
    source: `${resource}: Create a new app inside a sub group with the top-group role defined should accept`,
    request: {
      id: "/dev",
      groups: [{ id: "sub", groups: [{ id: "something", apps: [app("app", { role: "dev" })] }] }],
    },
    answer: {
      id: "/dev",
      enforceRole: false,
      groups: [
        {
          id: "/dev/sub",
          groups: [{ id: "/dev/sub/something", apps: [{ id: "/dev/sub/something/app", role: "dev" }] }],
        },
      ],
    },
  },
  {
    title: "dependencies are a set",
    source: `${raml}: dependencies, uniqueItems`,
    request: { id: "/shop", dependencies: ["/db", "../db"], apps: [app("web")] },
    answer: { id: "/shop", dependencies: ["/db"], apps: [{ id: "/shop/web", role: "*" }] },
  },
];
