// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { dirname, resolve } from "node:path/posix";
import { checkApp, checkGroup, checkPod, type Failure } from "@pulumi-mesos/model";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import fc from "fast-check";
import { apps, broken, groups, pods } from "./support/verdict-documents";

const seed = 20_000;
const atOnce = 25;

interface Kind {
  readonly name: string;
  readonly documents: readonly Readonly<Record<string, unknown>>[];
  readonly count: number;
  readonly check: (document: unknown) => Failure[];
  /** The simulator's answer to a request that changes nothing. */
  readonly ask: (document: unknown) => Promise<{ readonly refused: boolean; readonly text: string }>;
}

/**
 * Where the check refuses what the simulator takes, with a document that shows it. Each line of packages/model/README.md's list has the
 * same name.
 */
const stricter: readonly { name: string; failure: RegExp; kind: string; example: unknown }[] = [
  {
    name: "dependencies of groups are paths",
    failure: /^(groups\[\d+\]\.)*dependencies\[\d+\]: must be a path/,
    kind: "group",
    example: { id: "/a", dependencies: ["A_b"] },
  },
  {
    name: "no two apps or groups of a group have one path",
    failure: /another (app|group) of this group has the path/,
    kind: "group",
    example: {
      id: "/a",
      apps: [
        { id: "b", cmd: "sleep 1" },
        { id: "b", cmd: "sleep 2" },
      ],
    },
  },
  {
    name: "a group is not the root",
    failure: /must name a group, got the root|^id: must be a path/,
    kind: "group",
    example: { id: "/" },
  },
  {
    name: "enforceRole is given for top-level groups only",
    failure: /enforceRole: is for top-level groups only/,
    kind: "group",
    example: { id: "/a/b", enforceRole: false },
  },
  {
    name: "elements of lists keep the bounds of their kind: ports, status codes, names of protocols, uris that are not empty",
    failure:
      /^(ports|uris|readinessChecks\[\d+\]\.httpStatusCodesForReady|containers\[\d+\]\.endpoints\[\d+\]\.protocol)\[\d+\]: must/,
    kind: "app",
    example: { id: "a", cmd: "sleep 1", uris: [""] },
  },
  {
    name: "words of a list are in Marathon's own case, and an unreachableStrategy that is a word is disabled",
    failure: /: must be "\w.*, got "/,
    kind: "app",
    example: { id: "a", cmd: "sleep 1", killSelection: "oldest_first" },
  },
];

/** What the simulator refuses because of its own flags, which no check knows. */
const serverKnows = /acceptedResourceRoles can only contain|expected one of: \[services/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const lines = (failures: readonly Failure[]) => failures.map(({ path, message }) => `${path}: ${message}`);

describe("the check's verdict", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let kinds: readonly Kind[];

  before(async () => {
    const features = "vips,task_killing,external_volumes,secrets,gpu_resources";
    const marathon = { mesos_role: "services", default_network_name: "net", enable_features: features };
    cluster = await startCluster({ agents: 0, network: "127.126.1", flags: { marathon } });
    const put = async (path: string, body: unknown) => {
      const answer = await fetch(cluster.marathon.url + path, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return { refused: answer.status >= 400, text: `${answer.status} ${await answer.text()}` };
    };
    kinds = [
      {
        name: "app",
        documents: apps,
        count: 10_000,
        check: checkApp,
        // Only the group in which an app stands takes it.
        ask: (d) => {
          const id = isObject(d) && typeof d["id"] === "string" ? d["id"] : "";
          const rooted = id.includes("/") && !id.startsWith("/") ? `/${id}` : id;
          const group = dirname(resolve("/", rooted));
          const app = rooted === id ? d : { ...(d as object), id: rooted };
          return put(`/v2/groups${encodeURI(group)}?dryRun=true`, { apps: [app] });
        },
      },
      {
        name: "group",
        documents: groups,
        count: 4_000,
        check: checkGroup,
        ask: (d) =>
          isObject(d) && typeof d["id"] === "string"
            ? put("/v2/groups?dryRun=true", d)
            : put("/v2/groups?dryRun=true", { groups: [d] }),
      },
      {
        name: "pod",
        documents: pods,
        count: 6_000,
        check: checkPod,
        // Pods have no dry run: a sound one is refused last of all, because its id is not the path's.
        ask: async (d) => {
          const { refused, text } = await put("/v2/pods/elsewhere/no-such-pod", d);
          return { refused: refused && !text.includes("does not match definition's id"), text };
        },
      },
    ];
  });

  after(async () => await cluster.close());

  for (const name of ["app", "group", "pod"]) {
    it(`agrees with the simulator's on every ${name}, valid and broken, but for the listed rules`, async () => {
      const kind = kinds.find((k) => k.name === name);
      if (kind === undefined) return;
      const began = Date.now();
      const { documents, count, check, ask } = kind;
      const drawn = fc.sample(broken(documents), { numRuns: count, seed });
      const waiting = [...documents, ...drawn].map((d): unknown => JSON.parse(JSON.stringify(d) ?? "null"));
      const differences: string[] = [];
      let refusals = 0;
      for (let i = 0; i < waiting.length; i += atOnce) {
        await Promise.all(
          waiting.slice(i, i + atOnce).map(async (document) => {
            const failures = lines(check(document));
            const { refused, text } = await ask(document);
            refusals += refused ? 1 : 0;
            if (refused === failures.length > 0) return;
            const listed = failures.every((line) => stricter.some(({ failure }) => failure.test(line)));
            if (refused ? !serverKnows.test(text) : !listed) {
              differences.push(
                `${JSON.stringify(document)}\n  check: ${failures.join("; ")}\n  Marathon: ${text}`,
              );
            }
          }),
        );
      }
      console.log(
        `      ${waiting.length} documents (seed ${seed}), ${refusals} refused, ${Date.now() - began} ms`,
      );
      deepEqual(differences, []);
      equal(refusals > 0 && refusals < waiting.length, true);
    });
  }

  for (const { name, failure, kind: wanted, example } of stricter) {
    it(`is stricter than the simulator's: ${name}`, async () => {
      const kind = kinds.find((k) => k.name === wanted);
      equal(
        lines(kind?.check(example) ?? []).some((line) => failure.test(line)),
        true,
      );
      deepEqual((await kind?.ask(example))?.refused, false);
    });
  }
});
