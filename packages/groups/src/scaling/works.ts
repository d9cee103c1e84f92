// SPDX-License-Identifier: Apache-2.0
import type {
  MarathonApp,
  MarathonPod,
  MarathonQueueItem,
  MesosAgent,
  MesosResource,
  MesosTask,
} from "@pulumi-mesos/client";
import { everybody } from "@pulumi-mesos/model";
import type { Constraint, Resources, Work } from "../autoscale/world";
import type { Move } from "../plan-moves";
import { observeApp, type Seen } from "../world";
import { hasRoles, placementOf, reservedFor, rolesOf } from "./roles";

type Moves = Readonly<Record<string, Move>>;

/** What Marathon said in one look. */
export interface Asked {
  readonly apps: readonly MarathonApp[];
  readonly pods: readonly MarathonPod[];
  readonly queue: readonly MarathonQueueItem[];
}

/** What runs and what waits. */
export interface Demand {
  readonly works: readonly Work[];
  /** Tasks that wait for an agent, by the id of their work; nothing while Marathon cannot be asked. */
  readonly waiting: ReadonlyMap<string, number> | undefined;
  /** All tasks that wait, with what Marathon says of the offers that it refused. */
  readonly queued: readonly Queued[];
}

export interface Queued {
  readonly work: string;
  readonly tasks: number;
  /** `InsufficientCpus (3 offers), UnfulfilledConstraint (1 offer)`. */
  readonly refused: string;
  /** Why more agents would not help. */
  readonly hopeless?: string;
}

const nothing: Resources = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
const keys = ["cpus", "mem", "disk", "gpus"] as const;
/** What Marathon refuses offers for that agents of the same groups would be refused for, too. */
const hopeless: Readonly<Record<string, string>> = {
  NoCorrespondingReservationFound: "it waits for the agent that keeps its volume",
};
/** The same, of a work whose roles Marathon does not tell: of others it is known which agents are for them. */
const hopelessOfUnknownRole = { ...hopeless, UnfulfilledRole: "its role gets no offers" };

/**
 * Works of apps, of pods that wait, and of all other tasks, which nobody here can move. Pure.
 *
 * A task on its way to another agent counts once, where it goes: the one more that its app has meanwhile is no demand.
 */
export function demandOf(asked: Asked | undefined, seen: Seen | undefined, moves: Moves): Demand {
  const ofKnownRole = new Set(
    [...(asked?.apps ?? []), ...(asked?.pods ?? [])].filter(hasRoles).map(({ id }) => id),
  );
  const queued = asked === undefined ? [] : asked.queue.flatMap((item) => queuedOf(item, moves, ofKnownRole));
  const has = new Map(seen?.tasks.map(({ id, resources }) => [id, amounts(resources)]));
  const apps = asked?.apps.flatMap((app) => appWorks(app, moves[app.id], has)) ?? [];
  const ours = new Set(asked?.apps.flatMap(({ tasks = [] }) => tasks.map(({ id }) => id)));
  const others = otherWorks(seen?.tasks.filter(({ id }) => !ours.has(id)) ?? []);
  const pods = asked?.pods.map(podWork) ?? [];
  const known = new Set([...apps, ...pods].filter(({ kind }) => kind === "service").map(({ id }) => id));
  const chased = queued.filter((item) => item.hopeless === undefined && known.has(item.work));
  return {
    works: [...apps, ...pods, ...others],
    waiting: asked && new Map(chased.map(({ work, tasks }) => [work, tasks])),
    queued,
  };
}

function queuedOf(
  { app, pod, count: all = 0, processedOffersSummary: offers }: MarathonQueueItem,
  moves: Moves,
  ofKnownRole: ReadonlySet<string>,
): Queued[] {
  const work = app?.id ?? pod?.id;
  const count = work !== undefined && moves[work] !== undefined ? all - 1 : all;
  if (work === undefined || count <= 0) return [];
  const declined = (offers?.rejectSummaryLastOffers ?? []).filter((reject) => reject.declined > 0);
  const words = declined.map(({ reason, declined: n }) => `${reason} (${n} ${n === 1 ? "offer" : "offers"})`);
  const [only, ...more] = declined;
  const inVain: Readonly<Record<string, string>> = ofKnownRole.has(work) ? hopeless : hopelessOfUnknownRole;
  const why = more.length === 0 ? inVain[only?.reason ?? ""] : undefined;
  return [{ work, tasks: count, refused: words.join(", "), ...(why === undefined ? {} : { hopeless: why }) }];
}

/**
 * An app, and apart from it its tasks that have other resources than it asks for now: those of the version before, until they
 * are replaced. They run already, whether or not there is an agent for one that comes.
 */
function appWorks(app: MarathonApp, move: Move | undefined, has: ReadonlyMap<string, Resources>): Work[] {
  const seen = observeApp(app);
  const { minimumHealthCapacity, resident, guarded } = seen;
  const instances = move?.instances ?? seen.instances;
  const isDoubled = move !== undefined && seen.tasks.length > instances;
  const tasks = isDoubled ? seen.tasks.filter(({ id }) => id !== move.taskId) : seen.tasks;
  const healthy = seen.tasks.filter((task) => task.healthy && !task.killing).length;
  const constraints = constraintsOf(app["constraints"]);
  const asked = pick(app);
  const work: Work = {
    id: app.id,
    kind: resident || guarded || constraints === undefined ? "resident" : "service",
    need: asked,
    constraints: constraints ?? [],
    ...rolesOf(app, app["acceptedResourceRoles"]),
    on: [],
    ailing: healthy < Math.ceil(instances * minimumHealthCapacity),
  };
  const byNeed = new Map([[JSON.stringify(asked), { ...work, on: [] as string[] }]]);
  for (const { id, agentId } of tasks) {
    const need = has.get(id) ?? asked;
    const key = JSON.stringify(need);
    const known = byNeed.get(key) ?? { ...work, id: `${app.id} as it was`, need, on: [] };
    known.on.push(agentId);
    byNeed.set(key, known);
  }
  return [...byNeed.values()];
}

/** Of pods only what waits: what runs of them is among the other tasks. */
function podWork(pod: MarathonPod): Work {
  const containers = (pod["containers"] as { resources?: object }[] | undefined) ?? [];
  const parts = [...containers.map(({ resources = {} }) => resources), pod["executorResources"] ?? {}];
  const needs = parts.map((part) => pick(part as Record<string, unknown>));
  const constraints = constraintsOf(placementOf(pod)["constraints"]);
  const kind = constraints === undefined ? "resident" : "service";
  return {
    ...{ id: pod.id, kind, need: sum(needs), constraints: constraints ?? [], on: [], ailing: false },
    ...rolesOf(pod, placementOf(pod)["acceptedResourceRoles"]),
  };
}

/** Tasks that are alike, whichever framework's: they end by themselves, or are drained. */
function otherWorks(tasks: readonly MesosTask[]): Work[] {
  const works = new Map<string, { work: Work; on: string[] }>();
  for (const task of tasks) {
    const need = amounts(task.resources);
    const role = task.resources.map(reservedFor).find((one) => one !== everybody) ?? everybody;
    const key = JSON.stringify([task.frameworkId, need, role]);
    const known = works.get(key) ?? { work: otherWork(task, need, role), on: [] };
    known.on.push(task.agentId ?? "");
    works.set(key, known);
  }
  return [...works.values()].map(({ work, on }) => ({ ...work, on }));
}

function otherWork({ name, frameworkId = "" }: MesosTask, need: Resources, role: string): Work {
  const id = `${name} of ${frameworkId}`;
  return { id, kind: "batch", need, constraints: [], roles: [role], on: [], ailing: false };
}

/**
 * What is reserved on agents and that no task uses: somebody's data may be there. Of an agent in maintenance all that no task uses:
 * nobody places tasks there, and it is its operator's to end.
 */
export function heldOn(offers: readonly MesosAgent[], maintained: ReadonlySet<string> = new Set()): Work[] {
  return offers.flatMap((agent): Work[] => {
    const isOut = maintained.has(agent.id);
    const of = isOut ? amounts : reserved;
    const need = less(of(agent.totalResources), of(agent.allocatedResources));
    if (!isOut && keys.every((key) => need[key] === 0)) return [];
    const id = `${isOut ? "maintenance of" : "reservations on"} ${agent.hostname}`;
    return [{ id, kind: "resident", need, constraints: [], on: [agent.id], ailing: false }];
  });
}

/** What an agent has for the tasks of a role: executors take their share of it, and what its flags reserve for others is theirs. */
export function capacityOf(agent: MesosAgent, role: string, used: Resources | undefined): Resources {
  const executors = less(amounts(agent.allocatedResources), used ?? nothing);
  const isOthers = (one: MesosResource): boolean => ![everybody, role].includes(reservedFor(one));
  const of = (resources: readonly MesosResource[]): Resources => amounts(resources.filter(isOthers));
  const idle = less(of(agent.totalResources), of(agent.allocatedResources));
  return less(less(amounts(agent.totalResources), executors), idle);
}

/** What the tasks of each agent use. */
export function usedByTasks(tasks: readonly MesosTask[]): ReadonlyMap<string, Resources> {
  const used = new Map<string, Resources>();
  for (const { agentId = "", resources } of tasks) {
    used.set(agentId, sum([used.get(agentId) ?? nothing, amounts(resources)]));
  }
  return used;
}

/** Scalars by name, whoever they are reserved for. */
export function amounts(resources: readonly MesosResource[]): Resources {
  const total: Record<string, number> = {};
  for (const { name, scalar } of resources) total[name] = (total[name] ?? 0) + (scalar?.value ?? 0);
  return pick(total);
}

function reserved(resources: readonly MesosResource[]): Resources {
  const isHeld = ({ reservations = [] }: MesosResource): boolean =>
    reservations.some(({ type }) => type === "DYNAMIC");
  return amounts(resources.filter(isHeld));
}

function pick(values: Readonly<Record<string, unknown>>): Resources {
  const of = (key: string): number => (typeof values[key] === "number" ? values[key] : 0);
  return { cpus: of("cpus"), mem: of("mem"), disk: of("disk"), gpus: of("gpus") };
}

function sum(parts: readonly Resources[]): Resources {
  const total = (key: keyof Resources): number => parts.reduce((n, part) => n + part[key], 0);
  return { cpus: total("cpus"), mem: total("mem"), disk: total("disk"), gpus: total("gpus") };
}

/** Never less than nothing; in Mesos's thousandths. */
function less(whole: Resources, part: Resources): Resources {
  const of = (key: keyof Resources): number =>
    Math.max(0, Math.round((whole[key] - part[key]) * 1000) / 1000);
  return { cpus: of("cpus"), mem: of("mem"), disk: of("disk"), gpus: of("gpus") };
}

/** Nothing where one is a pattern of Java's that this program cannot read: such a work is left where it is. */
function constraintsOf(value: unknown): Constraint[] | undefined {
  if (!Array.isArray(value)) return [];
  const all = value.map((item: unknown): Constraint => {
    if (Array.isArray(item)) return [String(item[0]), String(item[1]), ...rest(item[2])];
    const { fieldName, operator, value: wanted } = item as Record<string, unknown>;
    return [String(fieldName), String(operator), ...rest(wanted)];
  });
  return all.every(isReadable) ? all : undefined;
}

function rest(value: unknown): [] | [string] {
  return value === undefined || value === null ? [] : [String(value)];
}

function isReadable([, operator, value = ""]: Constraint): boolean {
  if (operator !== "LIKE" && operator !== "UNLIKE") return true;
  try {
    return new RegExp(`^(?:${value})$`) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
