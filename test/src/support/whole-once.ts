// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ClusterView } from "./cluster-view";
import { eventually, hangMs } from "./eventually";
import { getJson } from "./http";
import { listenersIn, type ProcessEntry } from "./processes";
import type { TestStack } from "./test-stack";

const mark = "SUPERVISED_BY=";

/** What a cluster has been asked for; each task is a `sleep 100000`. */
export interface Asked {
  /** @default one ZooKeeper and 3 masters; of every other part there is one */
  readonly nodes?: { readonly zookeeper?: number; readonly masters?: number };
  readonly agents: number;
  /** Instances by app, and by pod of one container. */
  readonly apps: Readonly<Record<string, number>>;
  readonly pods?: Readonly<Record<string, number>>;
  /** The condition of each rule of the edge, by its id. */
  readonly rules: Readonly<Record<string, string>>;
}

/** The living processes of the stack's programs by the name of their record. What belongs to the engine has no mark. */
export function supervised(stack: TestStack): Map<string, ProcessEntry[]> {
  const prefix = `${mark}${stack.state}/processes/`;
  const byName = new Map<string, ProcessEntry[]>();
  for (const entry of stack.processes()) {
    const name = entry.environ.find((variable) => variable.startsWith(prefix))?.slice(prefix.length);
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), entry]);
  }
  return byName;
}

/** Fails when any program has two supervisors or runs twice. One that is being ended may have lost its supervisor. */
export function assertNoneTwice(stack: TestStack): void {
  for (const [name, entries] of supervised(stack)) {
    const lines = linesOf(name, entries);
    const supervisors = entries.filter(isSupervisor);
    assert.ok(supervisors.length <= 1, `two supervisors: ${lines}`);
    const programs = entries.filter((e) => e.parent === supervisors[0]?.pid);
    assert.ok(programs.length <= 1, `runs twice: ${lines}`);
    const [program] = programs;
    if (program === undefined) continue;
    const again = entries.filter(
      (e) => e !== program && same(e.argv, program.argv) && e.parent !== program.pid,
    );
    assert.deepEqual(again, [], `runs twice: ${lines}`);
  }
}

function linesOf(name: string, entries: readonly ProcessEntry[]): string {
  return [name, ...entries.map((e) => `${e.pid} of ${e.parent}: ${e.argv.join(" ")}`)].join("\n");
}

/** Fails unless all that is asked for is there, once, and nothing else. */
export async function assertWhole(stack: TestStack, view: ClusterView, asked: Asked): Promise<void> {
  assertNoneTwice(stack);
  const { zookeeper = 1, masters = 3 } = asked.nodes ?? {};
  // An agent that takes another's place has another number.
  const members = entriesOf(stack, "processes").filter((name) => /^demo-web-\d+$/.test(name));
  assert.equal(members.length, asked.agents, "so many agents as were asked for have a record");
  const resources = await stack.resources();
  const processes = resources.filter((r) => r.type === "mesos:local:Process");
  const named = processes.map((r) => r.id ?? "");
  const alone = ["marathon", "edge", "groups"].length;
  assert.equal(named.length, zookeeper + masters + alone, "the state has each node's process once");
  const wanted = [...named, ...members].sort();
  const running = supervised(stack);
  assert.deepEqual([...running.keys()].sort(), wanted, "what runs is what was asked for");
  for (const [name, entries] of running) {
    const supervisors = entries.filter(isSupervisor);
    const programs = entries.filter((e) => e.parent === supervisors[0]?.pid);
    assert.deepEqual([supervisors.length, programs.length], [1, 1], `runs once: ${linesOf(name, entries)}`);
  }
  assert.deepEqual(entriesOf(stack, "processes"), wanted, "every record is of something asked for");
  for (const { id = "", outputs } of processes) {
    const record = path.join(stack.state, "processes", id, "record.json");
    const { incarnation } = JSON.parse(readFileSync(record, "utf8")) as { incarnation: string };
    assert.equal(outputs.incarnation, incarnation, `the state knows the incarnation of ${id}`);
  }
  const volumes = resources.filter((r) => r.type === "mesos:local:Volume").map((r) => r.id ?? "");
  assert.deepEqual(entriesOf(stack, "volumes"), [...volumes, ...members].sort(), "no volume too many");
  const listeners = listenersIn(view.octet);
  assert.equal(new Set(listeners).size, listeners.length, "no address is held twice");
  const tasks = [...running.values()].flat().filter((e) => same(e.argv, ["sleep", "100000"]));
  const instances = Object.values({ ...asked.apps, ...asked.pods }).reduce((sum, n) => sum + n, 0);
  assert.equal(tasks.length, instances, "each task runs once");
  await assertServed(view, asked, masters);
}

/** Fails unless masters, Marathon and the edge say the same. */
async function assertServed(view: ClusterView, asked: Asked, masters: number): Promise<void> {
  // Agents find a leader that has changed by themselves.
  await eventually(hangMs, async () => {
    assert.equal((await view.leadingMasters(masters)).length, 1, "one master leads");
    assert.equal((await view.activeAgents(masters)).length, asked.agents, "every agent is active");
  });
  const marathon = await view.marathonUrl();
  const { apps } = await getJson<{ apps: { id: string }[] }>(`${marathon}/v2/apps`);
  assert.deepEqual(apps.map(({ id }) => id).sort(), Object.keys(asked.apps).sort());
  const pods = await getJson<{ id: string }[]>(`${marathon}/v2/pods`);
  assert.deepEqual(pods.map(({ id }) => id).sort(), Object.keys(asked.pods ?? {}).sort());
  for (const [id, instances] of Object.entries(asked.apps)) {
    const app = await view.app(id);
    assert.deepEqual(
      [id, app.instances, app.tasks.length, app.tasksRunning, app.deployments],
      [id, instances, instances, instances, []],
    );
  }
  const rules = await getJson<Record<string, { Acl: string }>>(`${view.edgeApiUrl}/api/services`);
  assert.deepEqual(
    Object.fromEntries(Object.entries(rules).map(([id, rule]) => [id, rule.Acl])),
    asked.rules,
  );
}

/** Fails when a process, a record, a volume or a listener of the stack is left. */
export function assertNothingLeft(stack: TestStack, view: ClusterView): void {
  const left = [...supervised(stack).values()].flat().map((e) => e.argv.join(" "));
  assert.deepEqual(left, []);
  assert.deepEqual(listenersIn(view.octet), []);
  assert.deepEqual(entriesOf(stack, "processes"), []);
  assert.deepEqual(entriesOf(stack, "volumes"), []);
}

/** Whether a process is the supervisor of the program whose mark it carries. */
export function isSupervisor({ argv }: ProcessEntry): boolean {
  return argv.at(-2)?.endsWith("/supervisor/dist/main.js") ?? false;
}

function entriesOf(stack: TestStack, folder: "processes" | "volumes"): string[] {
  const directory = path.join(stack.state, folder);
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
