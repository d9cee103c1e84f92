// SPDX-License-Identifier: Apache-2.0
// What the page knows of the cluster: the operator stream's state and events, and what only the other endpoints tell.

/**
 * @typedef {{ value: string }} Id
 * @typedef {{ name: string, scalar?: { value: number }, ranges?: { range: { begin: number, end: number }[] } }} Resource
 * @typedef {{ state: string, task_id?: Id, agent_id?: Id, timestamp?: number, message?: string, reason?: string, healthy?: boolean }} Status
 * @typedef {{ name: string, task_id: Id, framework_id: Id, agent_id: Id, state: string, resources?: Resource[], statuses?: Status[] }} TaskJson
 * @typedef {{ id: string, name: string, framework: string, agent: string, state: string, healthy: boolean | undefined,
 *   cpus: number, mem: number, ports: string, since: number | undefined, message: string }} Task
 * @typedef {{ cpus?: number, mem?: number, disk?: number, ports?: string }} Amounts
 * @typedef {{ id: string, hostname: string, pid?: string, active: boolean, deactivated?: boolean, version?: string,
 *   drain_info?: { state: string }, resources: Amounts, used_resources: Amounts, offered_resources: Amounts,
 *   registered_time?: number, attributes?: Record<string, unknown>, recovering?: boolean }} Agent
 * @typedef {{ id: Id, framework_id: Id, agent_id: Id, hostname?: string, resources?: Resource[] }} Offer
 * @typedef {{ framework_info: { id?: Id, name: string, hostname?: string, webui_url?: string, roles?: string[], role?: string },
 *   active?: boolean, connected?: boolean, recovered?: boolean, registered_time?: { nanoseconds: number },
 *   allocated_resources?: Resource[], offered_resources?: Resource[], offers?: Offer[], completed?: boolean }} Framework
 * @typedef {{ type: string, [member: string]: unknown }} Event
 */

const ended = /^TASK_(FINISHED|FAILED|KILLED|ERROR|LOST|DROPPED|GONE|GONE_BY_OPERATOR)$/;
const keptCompleted = 1000;

/**
 * @param {readonly Resource[] | undefined} resources
 * @param {string} name
 */
export function amountOf(resources, name) {
  let sum = 0;
  for (const resource of resources ?? []) if (resource.name === name) sum += resource.scalar?.value ?? 0;
  return sum;
}

/** @param {readonly Resource[] | undefined} resources */
export function portsOf(resources) {
  const ranges = (resources ?? []).filter((r) => r.name === "ports").flatMap((r) => r.ranges?.range ?? []);
  return ranges.map(({ begin, end }) => (begin === end ? `${begin}` : `${begin}–${end}`)).join(", ");
}

/**
 * @param {string} framework
 * @param {string} id
 */
const keyOf = (framework, id) => `${framework}/${id}`;

/** @param {TaskJson} json @returns {Task} */
function taskOf(json) {
  const last = json.statuses?.at(-1);
  return {
    id: json.task_id.value,
    name: json.name,
    framework: json.framework_id.value,
    agent: json.agent_id.value,
    state: json.state,
    healthy: last?.healthy,
    cpus: amountOf(json.resources, "cpus"),
    mem: amountOf(json.resources, "mem"),
    ports: portsOf(json.resources),
    since: last?.timestamp === undefined ? undefined : last.timestamp * 1000,
    message: last?.message ?? "",
  };
}

/** The cluster as far as it is known; `live` and `completed` keep the newest last. */
export class Cluster {
  /** @type {Map<string, Task>} */ live = new Map();
  /** @type {Map<string, Task>} */ completed = new Map();
  /** @type {Map<string, Agent>} */ agents = new Map();
  /** @type {Framework[]} */ frameworks = [];
  /** @type {{ address: string, leading: boolean }[]} */ masters = [];
  /** @type {Record<string, number>} */ metrics = {};

  /** @param {{ get_tasks?: Record<string, TaskJson[] | undefined> }} state the state at the beginning of a stream */
  begin(state) {
    this.live.clear();
    this.completed.clear();
    const { tasks = [], unreachable_tasks: away = [], completed_tasks: done = [] } = state.get_tasks ?? {};
    for (const json of [...tasks, ...away]) this.#put(taskOf(json));
    for (const json of done) this.#put(taskOf(json));
  }

  /**
   * @param {Event} event
   * @returns {boolean} whether resources, agents or frameworks may have changed, which the event itself does not carry
   */
  take(event) {
    if (event.type === "TASK_ADDED") {
      const { task } = /** @type {{ task: TaskJson }} */ (event["task_added"]);
      this.#put(taskOf(task));
      return true;
    }
    if (event.type === "TASK_UPDATED") {
      this.#update(
        /** @type {{ framework_id: Id, status: Status, state?: string }} */ (event["task_updated"]),
      );
      return true;
    }
    return event.type !== "HEARTBEAT";
  }

  /** @param {{ framework_id: Id, status: Status, state?: string }} update */
  #update({ framework_id, status, state }) {
    const key = keyOf(framework_id.value, status.task_id?.value ?? "");
    const task = this.live.get(key) ?? this.completed.get(key);
    if (task === undefined) return;
    this.#put({
      ...task,
      state: state ?? status.state,
      healthy: status.healthy ?? task.healthy,
      since: status.timestamp === undefined ? task.since : status.timestamp * 1000,
      message: status.message ?? "",
    });
  }

  /** @param {Task} task */
  #put(task) {
    const key = keyOf(task.framework, task.id);
    if (!ended.test(task.state)) {
      this.live.set(key, task);
      return;
    }
    this.live.delete(key);
    this.completed.delete(key);
    this.completed.set(key, task);
    for (const oldest of this.completed.keys()) {
      if (this.completed.size <= keptCompleted) break;
      this.completed.delete(oldest);
    }
  }
}

/**
 * Where an agent's own pages are: at its own origin, since it takes no requests from others.
 * @param {Agent | undefined} agent
 * @param {Record<string, string>} [query]
 * @returns {string | undefined}
 */
export function agentPage(agent, query = {}) {
  const address = /@(.+)$/.exec(agent?.pid ?? "")?.[1];
  if (address === undefined) return undefined;
  const asked = new URLSearchParams(query).toString();
  return `${location.protocol}//${address}/${asked === "" ? "" : `?${asked}`}`;
}
