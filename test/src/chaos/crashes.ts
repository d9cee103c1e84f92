// SPDX-License-Identifier: Apache-2.0
// An engine that ends at every kind of call of every change: while the plugin works, and again when it has done.
import assert from "node:assert/strict";
import { resourceTokens } from "@pulumi-mesos/model";
import { ClusterView } from "../support/cluster-view";
import { EngineCrashes } from "../support/engine-crashes";
import { eventually, hangMs } from "../support/eventually";
import { killAll } from "../support/processes";
import { everyVerb } from "../support/programs";
import { type Asked, assertNothingLeft, assertWhole, isSupervisor, supervised } from "../support/whole-once";

/** One change of the program, whose `up` is ended at every kind of call before one may end by itself. */
interface Stage {
  readonly change: string;
  /** What is set before; a path with dots is one into an object. */
  readonly config?: Readonly<Record<string, string>>;
  /** What is taken back before. */
  readonly unset?: readonly string[];
  /** A node whose processes are killed for good before. */
  readonly dead?: string;
  /** What is there after it, beside what was there before. */
  readonly asked?: Partial<Asked>;
}

const first: Asked = {
  agents: 1,
  apps: { "/web": 1, "/shop/front": 1, "/stable-blue": 1 },
  pods: { "/pod": 1 },
  rules: { "/web": "path_beg /web", "/stable": "path_beg /stable" },
};

const stages: readonly Stage[] = [
  {
    change: "everything is made",
  },
  {
    change: "a new version of what runs on Marathon",
    config: { version: "2", acl: "path_beg /other", instances: "2" },
    asked: {
      apps: { "/web": 2, "/shop/front": 1, "/stable-green": 1 },
      rules: { "/web": "path_beg /other", "/stable": "path_beg /stable" },
    },
  },
  {
    change: "one more agent",
    config: { agents: "2" },
    asked: { agents: 2 },
  },
  {
    change: "agents are restarted in place",
    config: { "agentFlags.gc_delay": "1days" },
  },
  { change: "agents are replaced", config: { rack: "b" } },
  {
    change: "one agent less",
    config: { agents: "1" },
    asked: { agents: 1 },
  },
  {
    change: "masters are told another flag",
    config: { "masterFlags.offer_timeout": "2mins" },
  },
  {
    change: "three masters become five",
    config: { masters: "5" },
    asked: { nodes: { masters: 5 } },
  },
  {
    change: "two of five masters leave",
    config: { masters: "3", quorumOf: "5" },
    asked: { nodes: { masters: 3 } },
  },
  {
    change: "three masters count with three",
    unset: ["quorumOf"],
  },
  {
    change: "one ZooKeeper becomes three",
    config: { "zookeeper.size": "3" },
    asked: { nodes: { zookeeper: 3 } },
  },
  {
    change: "two more ZooKeeper servers come without a vote",
    config: { "zookeeper.size": "5", "zookeeper.quorumOf": "3" },
    asked: { nodes: { zookeeper: 5 } },
  },
  {
    change: "an edge that died comes back",
    dead: "demo-edge-1",
  },
];

/** What is made and goes, and what changes without being replaced. */
const expected = [
  ...Object.values(resourceTokens).flatMap((token) => [`Create ${token}`, `Delete ${token}`]),
  ...Object.values(resourceTokens)
    .filter((token) => token !== resourceTokens.volume && token !== resourceTokens.leave)
    .map((token) => `Update ${token}`),
].sort();

const destroyed = "everything is destroyed";

/** What each stage says of itself, in their order. */
export const crashStages: readonly string[] = [...stages.map(({ change }) => change), destroyed];

/**
 * Goes through all of them on one stack; what went wrong, a line each: the first failure ends it. With `only` just the stages
 * that bear one of these texts have an engine that ends; the others before them are an `up` each.
 */
export async function playCrashes(
  octet: number,
  say: (line: string) => void,
  only: readonly string[] = [],
): Promise<string[]> {
  const isChosen = (change: string): boolean =>
    only.length === 0 || only.some((text) => change.includes(text));
  const last = crashStages.filter(isChosen).at(-1) ?? "";
  const crashes = await EngineCrashes.create(everyVerb, octet);
  const view = new ClusterView(`127.${octet}`);
  let asked = first;
  let now = "";
  try {
    for (const stage of stages.slice(0, crashStages.indexOf(last) + 1)) {
      now = stage.change;
      asked = { ...asked, ...stage.asked, nodes: { ...asked.nodes, ...stage.asked?.nodes } };
      const ends = await play(crashes, stage, isChosen(now));
      await eventually(hangMs, () => assertWhole(crashes.stack, view, asked));
      say(`held: ${now}, ended ${ends.length} times: ${ends.join(", ")}`);
    }
    if (!isChosen(destroyed)) return [];
    now = destroyed;
    const ends = await crashes.killEverywhere("destroy");
    await eventually(hangMs, () => assertNothingLeft(crashes.stack, view));
    assert.deepEqual(await crashes.stack.resources(), []);
    say(`held: ${now}, ended ${ends.length} times: ${ends.join(", ")}`);
    if (only.length > 0) return [];
    now = "all of them";
    assert.deepEqual(crashes.calls, expected, "every verb of every resource was called");
    assert.deepEqual(crashes.uncrashed, [], "every kind of call had its crash");
    return [];
  } catch (error) {
    const wrong = `${now}: ${error instanceof Error ? error.message : String(error)}`;
    say(`FAILED: ${wrong}`);
    return [wrong];
  } finally {
    await crashes.close();
  }
}

async function play(crashes: EngineCrashes, stage: Stage, isChosen: boolean): Promise<string[]> {
  const { stack } = crashes;
  for (const [key, value] of Object.entries(stage.config ?? {})) {
    await stack.ok("config", "set", "--path", key, value);
  }
  for (const key of stage.unset ?? []) await stack.ok("config", "rm", key);
  if (stage.dead !== undefined) killAll((supervised(stack).get(stage.dead) ?? []).filter(isSupervisor));
  if (!isChosen) {
    await stack.up();
    return [];
  }
  const ends = await crashes.killEverywhere("up");
  await stack.unchanged();
  return ends;
}
