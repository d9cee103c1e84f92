// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import {
  checkApp,
  checkGroup,
  checkPod,
  defaultServerFacts,
  normaliseApp,
  normaliseGroup,
  normalisePod,
} from "@pulumi-mesos/model";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { appOracles } from "./oracles/app-documents";
import { networkOracles } from "./oracles/app-networks";
import { groupOracles } from "./oracles/groups";
import type { Oracle } from "./oracles/oracle";
import { podOracles } from "./oracles/pods";

type Json = Readonly<Record<string, unknown>>;

interface Kind {
  readonly name: string;
  readonly oracles: readonly Oracle[];
  readonly check: (document: unknown) => readonly unknown[];
  readonly normalise: (document: object, facts: typeof defaultServerFacts) => object;
  /** Makes it, gives what Marathon answers for it, and takes it away. */
  readonly ask: (marathon: string, oracle: Oracle) => Promise<Json>;
}

async function call(method: string, url: string, body?: unknown): Promise<Json> {
  const answer = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  equal(answer.status < 300, true, `${method} ${url}: ${answer.status} ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Json;
}

async function posted(marathon: string, path: string, { request }: Oracle): Promise<Json> {
  const answer = await call("POST", marathon + path, request);
  await call("DELETE", `${marathon}${path}${String(answer["id"])}?force=true`);
  return answer;
}

/** A group with only what the oracles say of its apps; empty lists that the request did not have are left out. */
function brief(group: Json, asked: Json): Json {
  const { apps, groups, dependencies, enforceRole, id } = group;
  const list = (value: unknown) => (Array.isArray(value) ? (value as Json[]) : []);
  const byId = (a: Json, b: Json) => (String(a["id"]) < String(b["id"]) ? -1 : 1);
  const inOrder = (given: Json[], wanted: unknown) => {
    const order = list(wanted).map((w) => w["id"]);
    return given.toSorted(byId).toSorted((a, b) => order.indexOf(a["id"]) - order.indexOf(b["id"]));
  };
  return {
    id,
    ...(asked["apps"] === undefined
      ? {}
      : {
          apps: inOrder(list(apps), asked["apps"]).map((a) => ({
            id: a["id"],
            role: a["role"],
            ...(a["dependencies"] === undefined ? {} : { dependencies: a["dependencies"] }),
          })),
        }),
    ...(asked["groups"] === undefined
      ? {}
      : {
          groups: inOrder(list(groups), asked["groups"]).map((g) => {
            const wanted = list(asked["groups"]).find((w) => w["id"] === g["id"]) ?? {};
            return brief(g, wanted);
          }),
        }),
    ...(asked["dependencies"] === undefined ? {} : { dependencies }),
    ...(asked["enforceRole"] === undefined ? {} : { enforceRole }),
  };
}

const kinds: readonly Kind[] = [
  {
    name: "app",
    oracles: [...networkOracles, ...appOracles],
    check: checkApp,
    normalise: normaliseApp,
    ask: async (marathon, oracle) => await posted(marathon, "/v2/apps", oracle),
  },
  {
    name: "pod",
    oracles: podOracles,
    check: checkPod,
    normalise: normalisePod,
    ask: async (marathon, oracle) => await posted(marathon, "/v2/pods", oracle),
  },
  {
    name: "group",
    oracles: groupOracles,
    check: checkGroup,
    normalise: normaliseGroup,
    ask: async (marathon, { request }) => {
      await call("PUT", `${marathon}/v2/groups?force=true`, request);
      const url = `${marathon}/v2/groups${String(request["id"])}`;
      const answer = await call("GET", url);
      await call("DELETE", `${url}?force=true`);
      return answer;
    },
  },
];

function assertAnswer(kind: Kind, given: object, { answer, absent = [] }: Oracle): void {
  const all: Json = { ...given };
  if (kind.name === "group") {
    deepEqual(brief(all, answer), answer);
    return;
  }
  for (const [key, value] of Object.entries(answer)) deepEqual(all[key], value, key);
  deepEqual(
    absent.filter((key) => key in all),
    [],
  );
}

/** Every document of Marathon's own against the plugin's normal form and against the simulator: three that share no code. */
describe("what Marathon's own documents and tests say", function () {
  this.timeout(60_000);
  const clusters = new Map<string, Promise<Cluster>>();

  function clusterFor({ server = {} }: Oracle): Promise<Cluster> {
    const key = JSON.stringify([server.role, server.defaultNetwork]);
    const marathon = {
      enable_features: "external_volumes,secrets,gpu_resources",
      ...(server.role === undefined ? {} : { mesos_role: server.role }),
      ...(server.defaultNetwork === undefined ? {} : { default_network_name: server.defaultNetwork }),
    };
    const network = `127.125.${clusters.size + 1}`;
    const known = clusters.get(key) ?? startCluster({ agents: 0, network, flags: { marathon } });
    clusters.set(key, known);
    return known;
  }

  after(async () => {
    for (const cluster of clusters.values()) await (await cluster).close();
  });

  for (const kind of kinds) {
    for (const oracle of kind.oracles) {
      const facts = { ...defaultServerFacts, ...oracle.server };

      it(`holds for the plugin: ${kind.name}: ${oracle.title} (${oracle.source})`, () => {
        const normal = kind.normalise(oracle.request, facts);
        assertAnswer(kind, normal, oracle);
        deepEqual(kind.normalise(normal, facts), normal);
      });

      it(`holds for the simulator: ${kind.name}: ${oracle.title}`, async () => {
        const { url } = (await clusterFor(oracle)).marathon;
        assertAnswer(kind, await kind.ask(url, oracle), oracle);
      });
    }
  }

  it("is taken by the check, unknown keys of old documents aside", () => {
    const failures = kinds.flatMap(({ check, oracles }) =>
      oracles.flatMap(({ title, request }) => {
        const found = check(request);
        return found.length === 0 ? [] : [{ title, found }];
      }),
    );
    deepEqual(failures, []);
  });
});
