// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { monotonicMs, serve } from "./child";
import type { TaskPlace } from "./tasks-program";

/** A Marathon that does what the bench says and tells it as Marathon 1.11 does. */
interface MarathonTask {
  readonly id: string;
  readonly appId: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly state: string;
  readonly version: string;
  readonly healthCheckResults?: readonly { alive: boolean; taskId: string }[];
}

const version = "2026-01-01T00:00:00.000Z";
const apps = new Map<string, Map<string, MarathonTask>>();
/** The documents as they are sent; most are as they were when the list is asked for. */
const documents = new Map<string, string>();
const labels = new Map<string, Record<string, string>>();
const streams = new Set<ServerResponse>();

function document(id: string): string {
  const known = documents.get(id);
  if (known !== undefined) return known;
  const tasks = [...(apps.get(id)?.values() ?? [])];
  const text = JSON.stringify({
    id,
    cmd: "serve",
    instances: tasks.length,
    cpus: 0.1,
    mem: 32,
    labels: labels.get(id) ?? {},
    env: {},
    networks: [{ mode: "host" }],
    portDefinitions: [{ port: 10000, protocol: "tcp", name: "http" }],
    healthChecks: [{ protocol: "MESOS_HTTP", path: "/health", portIndex: 0, intervalSeconds: 10 }],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    version,
    tasksRunning: tasks.length,
    tasksHealthy: tasks.filter((task) => task.healthCheckResults).length,
    tasks,
    deployments: [],
  });
  documents.set(id, text);
  return text;
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://marathon");
  if (pathname === "/v2/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const beat = (): void => void response.write("\r\n");
    beat();
    // As Jetty's event source does, of which Marathon's stream is made.
    const beating = setInterval(beat, 10_000);
    streams.add(response);
    response.once("close", () => {
      clearInterval(beating);
      streams.delete(response);
    });
    return;
  }
  const id = pathname.replace(/^\/v2\/apps\/*/, "/");
  const isList = id === "/";
  const isKnown = isList || apps.has(id);
  response.writeHead(isKnown ? 200 : 404, { "content-type": "application/json" });
  if (isList) response.end(`{"apps":[${[...apps.keys()].map(document).join(",")}]}`);
  else response.end(isKnown ? `{"app":${document(id)}}` : `{"message":"App '${id}' does not exist"}`);
});

function emit(eventType: string, fields: object): void {
  const data = JSON.stringify({ eventType, timestamp: new Date().toISOString(), ...fields });
  for (const stream of streams) stream.write(`event: ${eventType}\r\ndata: ${data}\r\n\r\n`);
}

function set(appId: string, task: MarathonTask): void {
  apps.get(appId)?.set(task.id, task);
  documents.delete(appId);
}

function taskOf(appId: string, { name, host, port }: TaskPlace): MarathonTask {
  return { id: name, appId, host, ports: [port], state: "TASK_RUNNING", version };
}

function healthyTask(task: MarathonTask): MarathonTask {
  return { ...task, healthCheckResults: [{ alive: true, taskId: task.id }] };
}

function status(task: MarathonTask, taskStatus: string): void {
  const { id: taskId, appId, host, ports } = task;
  emit("status_update_event", {
    slaveId: "S1",
    taskId,
    taskStatus,
    message: "",
    appId,
    host,
    ports,
    version,
  });
  const condition = taskStatus.replace("TASK_", "").toLowerCase();
  emit("instance_changed_event", { instanceId: taskId, condition, runSpecId: appId, host, agentId: "S1" });
}

function known(appId: string, name: string): MarathonTask {
  const task = apps.get(appId)?.get(name);
  if (!task) throw new Error(`${appId} has no task ${name}`);
  return task;
}

const handlers = {
  async listen(host: string, port: number): Promise<string> {
    server.listen(port, host);
    await once(server, "listening");
    return `http://${host}:${(server.address() as AddressInfo).port}`;
  },
  /** An app whose tasks are healthy. */
  put(appId: string, places: readonly TaskPlace[], appLabels: Record<string, string> = {}): void {
    apps.set(appId, new Map(places.map((at) => [at.name, healthyTask(taskOf(appId, at))])));
    labels.set(appId, appLabels);
    documents.delete(appId);
    emit("api_post_event", { uri: `/v2/apps${appId}`, appDefinition: { id: appId } });
  },
  running(appId: string, at: TaskPlace): void {
    const task = taskOf(appId, at);
    set(appId, task);
    status(task, "TASK_RUNNING");
  },
  /** Says that a task's check passed, and when it said so. */
  healthy(appId: string, name: string): number {
    set(appId, healthyTask(known(appId, name)));
    const at = monotonicMs();
    emit("health_status_changed_event", { appId, taskId: name, instanceId: name, version, alive: true });
    emit("instance_health_changed_event", { instanceId: name, runSpecId: appId, healthy: true });
    return at;
  },
  /** Says that a task is being killed, and when it said so. */
  killing(appId: string, name: string): number {
    const task = { ...known(appId, name), state: "TASK_KILLING" };
    set(appId, task);
    const at = monotonicMs();
    status(task, "TASK_KILLING");
    return at;
  },
  gone(appId: string, name: string, how: "TASK_KILLED" | "TASK_FAILED"): void {
    const task = known(appId, name);
    apps.get(appId)?.delete(name);
    documents.delete(appId);
    status(task, how);
  },
};
export type MarathonCalls = typeof handlers;

serve(handlers);
