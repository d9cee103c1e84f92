// SPDX-License-Identifier: Apache-2.0
import { attributeText, decoder, type Static, Type } from "@pulumi-mesos/model";

const { Optional: optional } = Type;
const text = Type.String();
const number = Type.Number();
const id = Type.Object({ value: text });

const Resource = Type.Object({
  name: text,
  type: optional(text),
  scalar: optional(Type.Object({ value: number })),
  reservations: optional(Type.Array(Type.Object({ type: optional(text), role: optional(text) }))),
  /** Whom it is reserved for by an agent's flags, in the form of Mesos before 1.4. */
  role: optional(text),
  /** Whose frameworks it is offered to, or used by. */
  allocation_info: optional(Type.Object({ role: optional(text) })),
  ranges: optional(Type.Object({ range: optional(Type.Array(Type.Object({ begin: number, end: number }))) })),
});
/** One resource in Mesos's words: `{ name: "cpus", type: "SCALAR", scalar: { value: 2 } }`. */
export type MesosResource = Static<typeof Resource>;

const Attribute = Type.Object({
  name: text,
  text: optional(Type.Object({ value: text })),
  scalar: optional(Type.Object({ value: number })),
  ranges: optional(Type.Object({ range: optional(Type.Array(Type.Object({ begin: number, end: number }))) })),
  set: optional(Type.Object({ item: optional(Type.Array(text)) })),
});

const Place = Type.Object({ name: text });

const Agent = Type.Object({
  agent_info: Type.Object({
    id: optional(id),
    hostname: text,
    port: optional(number),
    attributes: optional(Type.Array(Attribute)),
    domain: optional(
      Type.Object({
        fault_domain: optional(Type.Object({ region: optional(Place), zone: optional(Place) })),
      }),
    ),
  }),
  pid: optional(text),
  active: optional(Type.Boolean()),
  deactivated: optional(Type.Boolean()),
  total_resources: optional(Type.Array(Resource)),
  allocated_resources: optional(Type.Array(Resource)),
  offered_resources: optional(Type.Array(Resource)),
  drain_info: optional(Type.Object({ state: optional(text) })),
});

/** A registered agent. */
export interface MesosAgent {
  readonly id: string;
  readonly hostname: string;
  readonly port: number;
  /** `slave(1)@ip:port`. */
  readonly pid: string | undefined;
  /** Connected: the master hears from it. */
  readonly active: boolean;
  /** It gets no offers: deactivated or draining. */
  readonly deactivated: boolean;
  /** `DRAINING` or `DRAINED`, undefined when it is not drained. */
  readonly drainState: string | undefined;
  /** As constraints of Marathon compare them: the text, `1,000.5`, `[1-2,5-9]`, `{a,b}`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Of its `--domain`. @default it has none */
  readonly region?: string;
  readonly zone?: string;
  readonly totalResources: readonly MesosResource[];
  readonly allocatedResources: readonly MesosResource[];
  /** What frameworks have been offered and have not answered yet. */
  readonly offeredResources: readonly MesosResource[];
}

const Framework = Type.Object({
  framework_info: Type.Object({ id: optional(id), name: optional(text) }),
  active: optional(Type.Boolean()),
  connected: optional(Type.Boolean()),
});

/** A framework that is registered, or was and may come back. */
export interface MesosFramework {
  readonly id: string;
  readonly name: string;
  /** The master hears from it. */
  readonly connected: boolean;
  /** It gets offers. */
  readonly active: boolean;
}

const Task = Type.Object({
  name: optional(text),
  task_id: id,
  framework_id: optional(id),
  agent_id: optional(id),
  state: optional(text),
  resources: optional(Type.Array(Resource)),
});

/** A task as the master knows it. */
export interface MesosTask {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string | undefined;
  readonly agentId: string | undefined;
  /** `TASK_RUNNING`, …; undefined for a task that waits for authorisation. */
  readonly state: string | undefined;
  readonly resources: readonly MesosResource[];
}

const StateTask = Type.Object({
  id: text,
  name: optional(text),
  slave_id: optional(text),
  state: optional(text),
});
const State = Type.Object({
  id: optional(text),
  version: optional(text),
  leader: optional(text),
  cluster: optional(text),
  slaves: optional(
    Type.Array(Type.Object({ id: text, hostname: optional(text), active: optional(Type.Boolean()) })),
  ),
  frameworks: optional(
    Type.Array(
      Type.Object({
        id: text,
        name: optional(text),
        active: optional(Type.Boolean()),
        tasks: optional(Type.Array(StateTask)),
      }),
    ),
  ),
});
/** `GET /master/state`: what we rely on is decoded, the rest stands beside it. */
export type MesosState = Static<typeof State> & Readonly<Record<string, unknown>>;

const Amounts = Type.Record(text, Type.Object({ value: number }));
const QuotaConfig = Type.Object({ role: text, guarantees: optional(Amounts), limits: optional(Amounts) });

/** Quota of a role in plain numbers: `{ role: "web", guarantees: {}, limits: { cpus: 4 } }`. */
export interface MesosQuota {
  readonly role: string;
  readonly guarantees: Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, number>>;
}

export const decoders = {
  metrics: decoder(
    Type.Object({
      get_metrics: Type.Object({
        metrics: optional(Type.Array(Type.Object({ name: text, value: optional(number) }))),
      }),
    }),
  ),
  quota: decoder(
    Type.Object({
      get_quota: Type.Object({
        status: optional(Type.Object({ configs: optional(Type.Array(QuotaConfig)) })),
      }),
    }),
  ),
  agents: decoder(Type.Object({ get_agents: Type.Object({ agents: optional(Type.Array(Agent)) }) })),
  frameworks: decoder(
    Type.Object({ get_frameworks: Type.Object({ frameworks: optional(Type.Array(Framework)) }) }),
  ),
  tasks: decoder(
    Type.Object({
      get_tasks: Type.Object({
        pending_tasks: optional(Type.Array(Task)),
        tasks: optional(Type.Array(Task)),
      }),
    }),
  ),
  state: decoder(State),
  anything: decoder(Type.Object({})),
};

function attributeValue({
  text,
  scalar,
  ranges,
  set,
}: Static<typeof Attribute>): Parameters<typeof attributeText>[0] {
  const range = ranges?.range?.map(({ begin, end }) => [begin, end] as const);
  return text?.value ?? scalar?.value ?? range ?? set?.item ?? "";
}

export function agentOf(agent: Static<typeof Agent>): MesosAgent {
  const { agent_info: info } = agent;
  const { region, zone } = info.domain?.fault_domain ?? {};
  const attributes = (info.attributes ?? []).map((one) => [one.name, attributeText(attributeValue(one))]);
  return {
    id: info.id?.value ?? "",
    hostname: info.hostname,
    port: info.port ?? 5051,
    pid: agent.pid,
    active: agent.active ?? false,
    deactivated: agent.deactivated ?? false,
    drainState: agent.drain_info?.state,
    attributes: Object.fromEntries(attributes),
    ...(region === undefined ? {} : { region: region.name }),
    ...(zone === undefined ? {} : { zone: zone.name }),
    totalResources: agent.total_resources ?? [],
    allocatedResources: agent.allocated_resources ?? [],
    offeredResources: agent.offered_resources ?? [],
  };
}

export function frameworkOf(framework: Static<typeof Framework>): MesosFramework {
  const { framework_info: info, connected = false, active = false } = framework;
  return { id: info.id?.value ?? "", name: info.name ?? "", connected, active };
}

export function taskOf(task: Static<typeof Task>): MesosTask {
  return {
    id: task.task_id.value,
    name: task.name ?? "",
    frameworkId: task.framework_id?.value,
    agentId: task.agent_id?.value,
    state: task.state,
    resources: task.resources ?? [],
  };
}

export function quotaOf({ role, guarantees, limits }: Static<typeof QuotaConfig>): MesosQuota {
  const numbers = (amounts: Static<typeof Amounts> = {}) =>
    Object.fromEntries(Object.entries(amounts).map(([name, { value }]) => [name, value]));
  return { role, guarantees: numbers(guarantees), limits: numbers(limits) };
}

/** The quota as UPDATE_QUOTA takes it. */
export function quotaConfig({ role, guarantees, limits }: MesosQuota): Static<typeof QuotaConfig> {
  const values = (numbers: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, { value }]));
  return { role, guarantees: values(guarantees), limits: values(limits) };
}
