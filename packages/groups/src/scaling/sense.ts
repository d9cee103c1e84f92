// SPDX-License-Identifier: Apache-2.0
import type { MesosAgent } from "@pulumi-mesos/client";
import {
  type AgentPoolDeclaration,
  type Bounds,
  boundsOf,
  everybody,
  type FilledAutoscalePolicy,
  fillAutoscalePolicy,
  memberName,
  offerOf,
} from "@pulumi-mesos/model";
import type { Policies, Resources, SizedAgent, SizedGroup, World } from "../autoscale/world";
import type { Place } from "../backends/backend";
import type { Member, PoolState, ScaleState } from "../observed";
import { agentOf } from "../pool-view";
import type { Seen } from "../world";
import { fieldsOf, nextPlaces } from "./fields";
import { gathered } from "./gathered";
import { offeredBy } from "./roles";
import { amounts, capacityOf, type Demand, heldOn, usedByTasks } from "./works";

/** A pool as sizing sees it. */
export interface ScaledPool {
  readonly name: string;
  readonly declaration: AgentPoolDeclaration;
  readonly version: number;
  readonly state: PoolState;
  readonly members: readonly Member[];
  /** What was decided before; nothing of a pool that has a size of its own. */
  readonly scale: ScaleState | undefined;
  readonly addressOf: (index: number) => string;
  /** How many members the backend has room for. */
  readonly capacity: number;
  /** Over which its backend spreads members. @default it does not say */
  readonly places?: readonly Place[];
  /** Names of members on another template than the declared one. */
  readonly stale: readonly string[];
  readonly refusedAt: number | undefined;
  /** What schedule and signals make of its bounds now. @default the declared ones */
  readonly bounds?: Bounds;
  /** Why nobody shall leave: a signal that says nothing. */
  readonly held?: string;
}

/** Name that agents have that are of no group. */
const strangers = "(other agents)";

/** The world of one decision, and the policies of all that is in it. Pure. */
export function senseWorld(
  pools: readonly ScaledPool[],
  seen: Seen | undefined,
  demand: Demand,
  now: number,
): { readonly world: World; readonly policies: Policies } {
  const others = seen === undefined ? [] : strangersIn(pools, seen);
  const groups = pools.map((pool) => groupOf(pool, seen));
  const policies = Object.fromEntries(pools.map((pool) => [pool.name, policyOf(pool)]));
  const ids = new Map(others.map(({ id }) => [id, id]));
  const used = usedByTasks(seen?.tasks ?? []);
  const members = pools.flatMap((pool) => agentsOf(pool, { seen, used, ids, now }));
  if (others.length > 0) policies[strangers] = fixedPolicy(others.length);
  const agents = [...members, ...others.map((agent) => strangerOf(agent, now, used.get(agent.id)))];
  const works = [...demand.works, ...heldOn(seen?.offers ?? [], seen?.maintained)].map((work) => {
    return { ...work, on: work.on.map((id) => ids.get(id) ?? id) };
  });
  const world: World = {
    now,
    groups: others.length === 0 ? groups : [...groups, strangerGroup(others)],
    agents: seen && agents,
    works: gathered(works, agents),
    waiting: demand.waiting,
  };
  return { world, policies };
}

/** A pool's own policy; of one with a fixed size one that keeps it, so that its room counts and nobody leaves. */
function policyOf({ declaration }: ScaledPool): FilledAutoscalePolicy {
  const { autoscale, size } = declaration;
  return autoscale === undefined ? fixedPolicy(size) : fillAutoscalePolicy(autoscale);
}

function fixedPolicy(size: number): FilledAutoscalePolicy {
  return fillAutoscalePolicy({ min: size, max: size, targetUtilization: 1, headroom: { maxShare: 0 } });
}

/** How many agents a pool shall have now: what was decided last, or what there is, within what is declared now. */
export function sizeOf(pool: ScaledPool): number {
  const { declaration, scale, members, state, capacity } = pool;
  if (declaration.autoscale === undefined) return declaration.size;
  const { min, max } = pool.bounds ?? boundsOf(declaration);
  const staying = members.filter(({ name }) => state.leaving[name] === undefined).length;
  const size = scale?.size ?? Math.max(declaration.size, staying);
  return Math.min(max, capacity, Math.max(min, size));
}

/** How many agents were asked for last, whatever the bounds are now. */
export function orderedSize(pool: ScaledPool): number {
  return pool.declaration.autoscale === undefined ? sizeOf(pool) : (pool.scale?.size ?? sizeOf(pool));
}

function groupOf(pool: ScaledPool, seen: Seen | undefined): SizedGroup {
  const { name, declaration, stale, refusedAt, capacity } = pool;
  const { resources, attributes, role, region, zone } = offerOf(declaration.template);
  const told = { ...(region && { "@region": region }), ...(zone && { "@zone": zone }) };
  const agents = memberAgents(pool, seen);
  const [next, ...later] = nextPlaces(agents, pool.places);
  const known = agents[0] && offeredBy(agents[0]);
  const { min, max, because } = pool.bounds ?? { ...boundsOf(declaration), because: undefined };
  const held = stale.length === 0 ? pool.held : "its template is being rolled";
  return {
    name,
    size: sizeOf(pool),
    // What no flag says, such as disk, only an agent that has registered can tell.
    resources: {
      cpus: 0,
      mem: 0,
      disk: 0,
      gpus: 0,
      ...known?.resources,
      ...resources,
    },
    attributes: { ...attributes, ...next, ...told },
    later: later.map((place) => ({ ...attributes, ...place, ...told })),
    role: role ?? known?.role ?? everybody,
    bounds: { min: Math.min(min, capacity), max: Math.min(max, capacity), because },
    ...(refusedAt === undefined ? {} : { refusedAt }),
    ...(held === undefined ? {} : { held }),
  };
}

function memberAgents(pool: ScaledPool, seen: Seen | undefined): MesosAgent[] {
  const hosts = new Set(pool.members.map(({ index }) => pool.addressOf(index)));
  return seen?.offers.filter(({ hostname, active }) => active && hosts.has(hostname)) ?? [];
}

/** Its members, and those that were decided and that nobody has begun to make. */
function agentsOf(
  pool: ScaledPool,
  {
    seen,
    used,
    ids,
    now,
  }: {
    readonly seen: Seen | undefined;
    readonly used: ReadonlyMap<string, Resources>;
    /** Filled with the member of each agent. */
    readonly ids: Map<string, string>;
    readonly now: number;
  },
): SizedAgent[] {
  const replaced = new Set(surplusInRoll(pool));
  const members = pool.members.map((member) => {
    const agent = agentOf({ addressOf: pool.addressOf, agents: seen?.agents }, member.index);
    const offer = seen?.offers.find(({ id }) => id === agent?.id);
    if (agent !== undefined) ids.set(agent.id, member.name);
    return agentIn(pool, member, offer, {
      now,
      isReplaced: replaced.has(member.name),
      used: used.get(agent?.id ?? ""),
    });
  });
  const staying = members.filter(({ leaving, doomed }) => !leaving && !doomed).length;
  const ordered = isRefused(pool, now) ? 0 : orderedSize(pool) - staying;
  const group = { group: pool.name, startedAt: now, leaving: false, doomed: false };
  return [
    ...members,
    ...Array.from({ length: Math.max(0, ordered) }, (_, i): SizedAgent => {
      return { id: `${memberName(pool.name, i + 1)} to come`, state: "booting", ...group };
    }),
  ];
}

function isRefused({ declaration, refusedAt }: ScaledPool, now: number): boolean {
  const retrySeconds = declaration.autoscale?.spot?.retrySeconds ?? 300;
  return refusedAt !== undefined && now - refusedAt < retrySeconds * 1000;
}

/** While a template is rolled there is one more for a while: as many of those on the old one go anyway. */
function surplusInRoll(pool: ScaledPool): readonly string[] {
  const staying = pool.members.filter(({ name }) => pool.state.leaving[name] === undefined);
  const surplus = Math.max(0, staying.length - sizeOf(pool));
  return pool.stale.filter((name) => staying.some((member) => member.name === name)).slice(0, surplus);
}

function agentIn(
  { name: group, state, scale, addressOf }: ScaledPool,
  member: Member,
  offer: MesosAgent | undefined,
  o: { readonly now: number; readonly isReplaced: boolean; readonly used: Resources | undefined },
): SizedAgent {
  const { name, index } = member;
  const entry = state.leaving[name];
  const noticed = member.notice !== undefined;
  const goes = entry?.for === "roll" || entry?.drained !== undefined || noticed || o.isReplaced;
  const before = scale?.members[name];
  return {
    id: name,
    group,
    host: addressOf(index),
    state: stateOf(
      entry !== undefined || state.trial !== undefined || noticed,
      offer,
      before?.registered ?? false,
    ),
    startedAt: before?.since ?? o.now,
    leaving: entry !== undefined,
    doomed: goes,
    ...(offer === undefined ? {} : offeringOf(offer, o.used)),
  };
}

/** What a registered agent has to offer, and to whom. */
function offeringOf(
  agent: MesosAgent,
  used: Resources | undefined,
): Pick<SizedAgent, "resources" | "attributes" | "role"> {
  const { role } = offeredBy(agent);
  return { resources: capacityOf(agent, role, used), attributes: fieldsOf(agent), role };
}

/** `told`: whether its keeper may have told it to take no tasks, so that it is not unready for that. */
function stateOf(told: boolean, offer: MesosAgent | undefined, registered: boolean): SizedAgent["state"] {
  if (offer === undefined) return registered ? "unreachable" : "booting";
  if (offer.deactivated || offer.drainState !== undefined) return told ? "ready" : "unready";
  return offer.active ? "ready" : "unreachable";
}

/** Agents that no pool has and that take tasks: nobody here sizes them. */
function strangersIn(pools: readonly ScaledPool[], { offers }: Seen): MesosAgent[] {
  const ours = new Set(pools.flatMap((pool) => pool.members.map(({ index }) => pool.addressOf(index))));
  return offers.filter(({ hostname, active, deactivated }) => active && !deactivated && !ours.has(hostname));
}

function strangerOf(agent: MesosAgent, now: number, used: Resources | undefined): SizedAgent {
  return {
    id: agent.id,
    group: strangers,
    host: agent.hostname,
    state: "ready",
    startedAt: now,
    leaving: false,
    doomed: false,
    ...offeringOf(agent, used),
  };
}

function strangerGroup(agents: readonly MesosAgent[]): SizedGroup {
  const most = (key: keyof Resources): number =>
    Math.max(...agents.map((agent) => amounts(agent.totalResources)[key]));
  const roles = [...new Set(agents.map((agent) => offeredBy(agent).role))];
  return {
    name: strangers,
    size: agents.length,
    resources: { cpus: most("cpus"), mem: most("mem"), disk: most("disk"), gpus: most("gpus") },
    attributes: {},
    role: roles.length === 1 ? roles[0] : everybody,
    bounds: { min: agents.length, max: agents.length },
  };
}

/** What is remembered of members: since when they are known, and who has ever registered. */
export function rememberMembers(
  pool: ScaledPool,
  seen: Seen | undefined,
  now: number,
): ScaleState["members"] {
  return Object.fromEntries(
    pool.members.map(({ name, index }) => {
      const before = pool.scale?.members[name];
      const here = seen?.offers.some(({ hostname }) => hostname === pool.addressOf(index)) ?? false;
      return [name, { since: before?.since ?? now, registered: (before?.registered ?? false) || here }];
    }),
  );
}
