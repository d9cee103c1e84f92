// SPDX-License-Identifier: Apache-2.0
import { ago, bar, lines, memory, number, tickTimes } from "/pages/cells.js";
import { byId, setText } from "/pages/dom.js";
import { Figures } from "/pages/figures.js";
import { ask, askJson, Connection, calm, keepOpen, readBody } from "/pages/live.js";
import { RecordReader } from "/pages/record-io.js";
import { LiveTable } from "/pages/table.js";
import { agentPage, amountOf, Cluster, portsOf } from "./cluster.js";

/**
 * @typedef {import("./cluster.js").Agent} Agent
 * @typedef {import("./cluster.js").Task} Task
 * @typedef {import("./cluster.js").Framework} Framework
 * @typedef {import("./cluster.js").Offer} Offer
 * @typedef {import("/pages/cells.js").Cell} Cell
 */

const cluster = new Cluster();
const connection = new Connection(byId("connection"));
const totals = new Figures(byId("totals"));
/** How many live tasks each framework has. */
/** @type {Map<string, number>} */ const tasksOf = new Map();

/**
 * @param {Agent} agent
 * @returns {Cell}
 */
function agentState(agent) {
  if (agent.recovering)
    return { text: "recovering", kind: "warn", title: "known from the registry, not back yet" };
  if (agent.drain_info !== undefined) {
    return { text: agent.drain_info.state.toLowerCase(), kind: "warn" };
  }
  if (agent.deactivated) return { text: "deactivated", kind: "warn" };
  return agent.active ? { text: "active", kind: "good" } : { text: "disconnected", kind: "bad" };
}

/**
 * @param {number | undefined} total
 * @param {number | undefined} used
 * @param {number | undefined} offered
 * @param {(value: number) => string} words
 * @returns {Cell}
 */
function share(total = 0, used = 0, offered = 0, words = number) {
  const free = Math.max(0, total - used);
  const label = `${words(used)} used, ${words(free)} free${offered > 0 ? ` (${words(offered)} offered)` : ""}`;
  const parts = [
    { part: used, fill: /** @type {const} */ ("accent") },
    { part: offered, fill: /** @type {const} */ ("warn") },
  ];
  return bar(label, parts, total);
}

/**
 * @param {string} state
 * @param {boolean | undefined} healthy
 * @returns {Cell}
 */
function taskState(state, healthy) {
  const text = state.replace(/^TASK_/, "").toLowerCase();
  if (state === "TASK_RUNNING") {
    return healthy === false ? { text: "running, unhealthy", kind: "bad" } : { text, kind: "good" };
  }
  return { text, kind: /FAILED|LOST|ERROR|UNREACHABLE|GONE|DROPPED/.test(state) ? "bad" : "quiet" };
}

/** @param {string} id */
const frameworkName = (id) =>
  cluster.frameworks.find((f) => f.framework_info.id?.value === id)?.framework_info.name ?? id;

/** @param {string} id */
const agentName = (id) => cluster.agents.get(id)?.hostname ?? id;

/** @returns {readonly import("/pages/table.js").Column<Task>[]} */
const taskColumns = () => [
  { name: "Name", cell: (t) => t.name },
  { name: "State", cell: (t) => taskState(t.state, t.healthy) },
  { name: "Since", cell: (t) => ago(t.since) },
  { name: "Framework", class: "long", cell: (t) => frameworkName(t.framework) },
  { name: "Agent", cell: (t) => agentName(t.agent) },
  { name: "CPUs", class: "number", cell: (t) => number(t.cpus) },
  { name: "Memory", class: "number", cell: (t) => memory(t.mem) },
  { name: "Ports", cell: (t) => t.ports },
  {
    name: "Sandbox",
    cell: (t) => ({
      text: "open",
      href: agentPage(cluster.agents.get(t.agent), { framework: t.framework, task: t.id }),
      title: `files and output of ${t.id}`,
    }),
  },
];

const taskFilter = (/** @type {Task} */ t) =>
  [t.name, t.id, t.state, agentName(t.agent), frameworkName(t.framework), t.ports].join(" ");

const tables = {
  masters: new LiveTable(byId("masters"), {
    title: "Masters",
    key: (/** @type {{ address: string, leading: boolean }} */ m) => m.address,
    columns: [
      { name: "Address", cell: (m) => ({ text: m.address, href: `${location.protocol}//${m.address}/` }) },
      { name: "Role", cell: (m) => (m.leading ? { text: "leading", kind: "good" } : "standby") },
    ],
  }),
  agents: new LiveTable(byId("agents"), {
    title: "Agents",
    none: "No agent has registered yet.",
    key: (/** @type {Agent} */ a) => a.id,
    filter: (a) => `${a.hostname} ${a.id} ${JSON.stringify(a.attributes ?? {})}`,
    columns: [
      { name: "Host", cell: (a) => ({ text: a.hostname, href: agentPage(a), title: a.id }) },
      { name: "State", cell: agentState },
      {
        name: "CPUs",
        cell: (a) => share(a.resources?.cpus, a.used_resources?.cpus, a.offered_resources?.cpus),
      },
      {
        name: "Memory",
        cell: (a) => share(a.resources?.mem, a.used_resources?.mem, a.offered_resources?.mem, memory),
      },
      {
        name: "Disk",
        cell: (a) => share(a.resources?.disk, a.used_resources?.disk, a.offered_resources?.disk, memory),
      },
      {
        name: "Ports",
        cell: (a) => lines([a.resources?.ports, a.used_resources?.ports && `used ${a.used_resources.ports}`]),
      },
      {
        name: "Attributes",
        class: "long",
        cell: (a) =>
          Object.entries(a.attributes ?? {})
            .map(([k, v]) => `${k}: ${v}`)
            .join(", "),
      },
      { name: "Registered", cell: (a) => ago((a.registered_time ?? 0) * 1000) },
    ],
  }),
  frameworks: new LiveTable(byId("frameworks"), {
    title: "Frameworks",
    none: "No framework has subscribed yet.",
    key: (/** @type {Framework} */ f) => f.framework_info.id?.value ?? "",
    columns: [
      {
        name: "Name",
        cell: (f) => ({
          text: f.framework_info.name,
          href: f.framework_info.webui_url,
          title: f.framework_info.id?.value,
        }),
      },
      {
        name: "State",
        cell: (f) =>
          f.completed
            ? { text: "completed", kind: "quiet" }
            : f.active
              ? { text: "active", kind: "good" }
              : { text: f.recovered ? "recovering" : "disconnected", kind: "bad" },
      },
      { name: "Host", class: "long", cell: (f) => f.framework_info.hostname },
      { name: "Roles", cell: (f) => (f.framework_info.roles ?? [f.framework_info.role ?? "*"]).join(", ") },
      {
        name: "Tasks",
        class: "number",
        cell: (f) => number(tasksOf.get(f.framework_info.id?.value ?? "") ?? 0),
      },
      { name: "CPUs", class: "number", cell: (f) => number(amountOf(f.allocated_resources, "cpus")) },
      { name: "Memory", class: "number", cell: (f) => memory(amountOf(f.allocated_resources, "mem")) },
      { name: "Registered", cell: (f) => ago((f.registered_time?.nanoseconds ?? 0) / 1e6) },
    ],
  }),
  offers: new LiveTable(byId("offers"), {
    title: "Offers",
    none: "No offer waits for an answer.",
    key: (/** @type {Offer} */ o) => o.id.value,
    columns: [
      { name: "Offer", cell: (o) => o.id.value },
      { name: "Framework", cell: (o) => frameworkName(o.framework_id.value) },
      { name: "Agent", cell: (o) => agentName(o.agent_id.value) },
      { name: "CPUs", class: "number", cell: (o) => number(amountOf(o.resources, "cpus")) },
      { name: "Memory", class: "number", cell: (o) => memory(amountOf(o.resources, "mem")) },
      { name: "Ports", cell: (o) => portsOf(o.resources) },
    ],
  }),
  tasks: new LiveTable(byId("tasks"), {
    title: "Tasks",
    none: "No task runs.",
    key: (/** @type {Task} */ t) => `${t.framework}/${t.id}`,
    filter: taskFilter,
    columns: taskColumns(),
  }),
  completed: new LiveTable(byId("completed"), {
    title: "Completed tasks",
    none: "No task has ended.",
    shown: 25,
    key: (/** @type {Task} */ t) => `${t.framework}/${t.id}`,
    filter: (t) => `${taskFilter(t)} ${t.message}`,
    columns: [...taskColumns(), { name: "Message", class: "long", cell: (t) => t.message }],
  }),
};

/** @param {"cpus" | "mem" | "disk"} name */
function total(name) {
  const sums = { total: 0, used: 0, offered: 0 };
  for (const agent of cluster.agents.values()) {
    if (!agent.active && !agent.deactivated) continue;
    sums.total += agent.resources?.[name] ?? 0;
    sums.used += agent.used_resources?.[name] ?? 0;
    sums.offered += agent.offered_resources?.[name] ?? 0;
  }
  return share(sums.total, sums.used, sums.offered, name === "cpus" ? number : memory);
}

function drawTotals() {
  const agents = [...cluster.agents.values()];
  const active = agents.filter((a) => a.active).length;
  const running = [...cluster.live.values()].filter((t) => t.state === "TASK_RUNNING").length;
  const unreachable = cluster.metrics["master/slaves_unreachable"] ?? 0;
  totals.update([
    [
      "Agents",
      `${number(active)} active of ${number(agents.length)}${unreachable > 0 ? `, ${unreachable} unreachable` : ""}`,
    ],
    ["Tasks", `${number(running)} running of ${number(cluster.live.size)}`],
    ["CPUs", total("cpus")],
    ["Memory", total("mem")],
    ["Disk", total("disk")],
  ]);
}

const draw = calm(async () => {
  tasksOf.clear();
  for (const { framework } of cluster.live.values())
    tasksOf.set(framework, (tasksOf.get(framework) ?? 0) + 1);
  tables.masters.update(cluster.masters);
  tables.agents.update([...cluster.agents.values()]);
  tables.frameworks.update(cluster.frameworks);
  tables.offers.update(cluster.frameworks.flatMap((f) => f.offers ?? []));
  tables.tasks.update([...cluster.live.values()].reverse());
  tables.completed.update([...cluster.completed.values()].reverse());
  drawTotals();
});

/** What the stream does not tell: resources in use, offers, deactivated and draining agents, the other masters. */
const readRest = calm(async () => {
  const [slaves, frameworks, masters, metrics] = await Promise.all([
    askJson("/slaves"),
    askJson("/api/v1", { method: "POST", json: { type: "GET_FRAMEWORKS" } }),
    askJson("/simulator/masters"),
    askJson("/metrics/snapshot"),
  ]);
  const { slaves: known, recovered_slaves: away = [] } =
    /** @type {{ slaves: Agent[], recovered_slaves?: Agent[] }} */ (slaves);
  cluster.agents = new Map(
    [...known, ...away.map((a) => ({ ...a, recovering: true }))].map((a) => [a.id, a]),
  );
  const { get_frameworks: all } = /** @type {{ get_frameworks: Record<string, Framework[] | undefined> }} */ (
    frameworks
  );
  cluster.frameworks = [
    ...(all["frameworks"] ?? []),
    ...(all["completed_frameworks"] ?? []).map((f) => ({ ...f, completed: true })),
  ];
  cluster.masters = /** @type {{ masters: { address: string, leading: boolean }[] }} */ (masters).masters;
  cluster.metrics = /** @type {Record<string, number>} */ (metrics);
  draw();
}, 300);

/** @param {AbortSignal} signal @param {(text?: string) => void} alive */
async function stream(signal, alive) {
  const answer = await ask("/api/v1", { method: "POST", json: { type: "SUBSCRIBE" }, signal });
  const reader = new RecordReader();
  await readBody(answer, (chunk) => {
    alive();
    for (const record of reader.push(chunk)) {
      const event = /** @type {import("./cluster.js").Event} */ (JSON.parse(record));
      if (event.type === "SUBSCRIBED") {
        const { get_state } = /** @type {{ get_state: Record<string, never> }} */ (event["subscribed"]);
        cluster.begin(get_state);
        alive(`live from ${location.host}`);
        readRest();
      } else if (cluster.take(event)) {
        readRest();
      }
      draw();
    }
  });
}

async function readName() {
  const { cluster: name } = /** @type {{ cluster?: string }} */ (await askJson("/state-summary"));
  setText(byId("cluster"), name ?? "");
  if (name !== undefined) document.title = `${name} – Mesos`;
}

tickTimes();
readName().catch(() => undefined);
setInterval(() => {
  if (!document.hidden && document.body.dataset["connection"] === "live") readRest();
}, 2000);
// A master that leads no more sends the reader on to the one that does.
void keepOpen(connection, stream, { moved: () => location.reload() });
