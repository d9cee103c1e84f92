// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Values = Record<string, unknown>;

/** What {@link FakeMarathon} does to the next request that `matches`, instead of answering it as usual. */
export interface Fault {
  readonly matches: string;
  /** Carry the request out, then drop the connection or answer half of the document; otherwise answer with this. */
  readonly answer: "drop after" | "cut after" | { readonly status: number; readonly body: unknown };
}

/** A Marathon in memory behind real HTTP: apps deploy when the test says so. */
export class FakeMarathon {
  readonly apps = new Map<string, Values>();
  readonly deployments = new Map<string, string>();
  readonly requests: string[] = [];
  readonly bodies: Values[] = [];
  readonly faults: Fault[] = [];
  /** Whether a deployment is over as soon as it was asked for once. */
  patient = false;
  tasksLeft: Values[] = [];
  queue: Values[] = [];
  url = "";
  #streams = new Set<ServerResponse>();
  #server = createServer((request, response) => this.#serve(request, response));
  #count = 0;

  static async start(): Promise<FakeMarathon> {
    const fake = new FakeMarathon();
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.83.3.1", resolve));
    fake.url = `http://127.83.3.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** All instances run and are healthy, and the deployment is over. */
  finish(
    id: string,
    event: "deployment_success" | "deployment_failed" | "none" = "deployment_success",
  ): void {
    const app = this.apps.get(id);
    if (app !== undefined && event !== "deployment_failed") {
      Object.assign(app, { tasksRunning: app["instances"], tasksHealthy: app["instances"] });
    }
    for (const [deployment, appId] of this.deployments) {
      if (appId !== id) continue;
      this.deployments.delete(deployment);
      if (event !== "none") this.emit(event, { id: deployment, reason: "The upgrade has been cancelled" });
    }
  }

  emit(type: string, data: Values): void {
    for (const stream of this.#streams) {
      stream.write(`event: ${type}\ndata: ${JSON.stringify({ eventType: type, ...data })}\n\n`);
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = (request.url ?? "").replace(/\?.*/, "");
      const line = `${request.method} ${path}`;
      if (path === "/v2/events") return this.#stream(response);
      this.requests.push(line);
      const text = Buffer.concat(chunks).toString();
      const body = (text === "" ? {} : JSON.parse(text)) as Values;
      if (text !== "") this.bodies.push(body);
      const fault = this.faults[0];
      if (fault !== undefined && line.startsWith(fault.matches)) {
        this.faults.shift();
        if (typeof fault.answer === "object") return send(response, fault.answer.status, fault.answer.body);
        const [status, whole] = this.#answer(request.method ?? "", path, body);
        if (fault.answer === "drop after") return void response.destroy();
        response.writeHead(status, { "Content-Type": "application/json" });
        return void response.end(JSON.stringify(whole).slice(0, -1));
      }
      const [status, answer, headers] = this.#answer(request.method ?? "", path, body);
      send(response, status, answer, headers);
    });
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("\n");
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  #answer(method: string, path: string, body: Values): [number, unknown, Record<string, string>?] {
    if (path === "/v2/info") return [200, { version: "1.10.26", marathon_config: { mesos_role: null } }];
    if (path === "/v2/deployments") {
      return [
        200,
        [...this.deployments].map(([id, app]) => ({
          id,
          affectedApps: [app],
          currentStep: 1,
          currentActions: [{ action: "ScaleApplication", app }],
          totalSteps: 2,
        })),
      ];
    }
    if (path === "/v2/tasks") return [200, { tasks: this.tasksLeft }];
    if (path === "/v2/queue") return [200, { queue: this.queue }];
    if (path === "/v2/apps" && method === "GET") {
      return [200, { apps: [...this.apps.keys()].map((id) => this.#view(id)) }];
    }
    const id = path === "/v2/apps" ? String(body["id"]) : path.slice("/v2/apps".length);
    const known = this.apps.get(id);
    if (method === "POST") {
      if (known) return [409, { message: `An app with id [${id}] already exists.` }];
      const deploymentId = this.#deploy(id, body);
      return [201, this.#view(id), { "Marathon-Deployment-Id": deploymentId }];
    }
    if (method === "PUT") return [200, { version: "v", deploymentId: this.#deploy(id, body) }];
    if (known === undefined) return [404, { message: `App '${id}' does not exist` }];
    if (method === "GET") {
      return [200, { app: this.#view(id) }];
    }
    this.apps.delete(id);
    return [200, { version: "v", deploymentId: this.#newDeployment(id) }];
  }

  #deploy(id: string, body: Values): string {
    const version = new Date(Date.UTC(2026, 0, 1, 0, 0, this.#count)).toISOString();
    const filled = { instances: 1, role: "*", ...body, id, version };
    const ports = { portDefinitions: [{ port: 10_007, protocol: "tcp", name: "default" }] };
    const counts = { tasksRunning: 0, tasksHealthy: 0, versionInfo: { lastConfigChangeAt: version } };
    this.apps.set(id, { ...ports, ...filled, ...counts });
    return this.#newDeployment(id);
  }

  #newDeployment(id: string): string {
    const deploymentId = `d${++this.#count}`;
    this.deployments.set(deploymentId, id);
    if (!this.patient) setImmediate(() => this.finish(id));
    return deploymentId;
  }

  #view(id: string): Values {
    const mine = [...this.deployments].filter(([, app]) => app === id).map(([d]) => ({ id: d }));
    return { ...this.apps.get(id), deployments: mine };
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
