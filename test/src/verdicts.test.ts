// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
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
    name: "apps and groups stand directly in their group",
    failure: /must be directly in its group/,
    kind: "group",
    example: { id: "/a", apps: [{ id: "/a/b/c", cmd: "sleep 1" }] },
  },
  {
    name: "paths and dependencies of groups have segments",
    failure: /^(groups\[\d+\]\.)*(id|dependencies\[\d+\]): must be a path/,
    kind: "group",
    example: { id: "/a", dependencies: ["A_b"] },
  },
  {
    name: "a group is not the root, and no two apps or groups have one path",
    failure: /must name a group, got the root|another (app|group) of this group has the path/,
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
    name: "networkNames of an app's mapping are networks of the app, and one where the app has several and the mapping a hostPort",
    failure: /networkNames(\[\d+\])?: must (name (container networks of the app|one network)|not be empty)/,
    kind: "app",
    example: {
      id: "a",
      cmd: "sleep 1",
      networks: [{ name: "one" }],
      container: { type: "MESOS", portMappings: [{ networkNames: ["two"] }] },
    },
  },
  {
    name: "network names are lower-case letters, digits and dashes, also of pods",
    failure: /^networks\[\d+\]\.name: must (not be empty|be lower-case)/,
    kind: "pod",
    example: { id: "/p", containers: [{ name: "a", resources: {} }], networks: [{ name: "A_b" }] },
  },
  {
    name: "ports of ipAddress have names of lower-case letters, digits and dashes",
    failure: /^ipAddress\.discovery\.ports\[\d+\]\.name: must be/,
    kind: "app",
    example: {
      id: "a",
      cmd: "sleep 1",
      ipAddress: { networkName: "n", discovery: { ports: [{ number: 80 }] } },
    },
  },
  {
    name: "constraints name a field",
    failure: /^constraints\[\d+\]: the field must not be empty/,
    kind: "app",
    example: { id: "a", cmd: "sleep 1", constraints: [["", "UNIQUE"]] },
  },
  {
    name: "enforceRole is given for top-level groups only",
    failure: /enforceRole: is for top-level groups only/,
    kind: "group",
    example: { id: "/a/..", enforceRole: false },
  },
  {
    name: "uris are not empty",
    failure: /^uris\[\d+\]: must not be empty/,
    kind: "app",
    example: { id: "a", cmd: "sleep 1", uris: [""] },
  },
];

/** What the simulator refuses because of its own flags, which no check knows. */
const serverKnows = /acceptedResourceRoles can only contain|expected one of: services/;

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
    const dry = (body: object) => put("/v2/groups?dryRun=true", { id: "/", ...body });
    kinds = [
      { name: "app", documents: apps, count: 10_000, check: checkApp, ask: (d) => dry({ apps: [d] }) },
      { name: "group", documents: groups, count: 4_000, check: checkGroup, ask: (d) => dry({ groups: [d] }) },
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
