// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from "fastify";
import { createHttpServer } from "../http";
import { attributesToLegacy, fromJson, toLegacy } from "../protocol/resources";
import { mesosVersion } from "../protocol/types";
import type { NoopAgent } from "./noop-agent";

/** The one HTTP server of all no-op agents: agent number n is `slave(n)`, as several agents in one process are in Mesos. */
export class NoopHost {
  readonly #server: FastifyInstance;
  readonly #agents = new Map<string, NoopAgent>();
  #address = "";

  constructor() {
    this.#server = createHttpServer();
    this.#server.get("/:self/state", async (request, reply) => {
      const agent = this.#agents.get((request.params as { self: string }).self);
      return agent === undefined ? await reply.code(404).send() : stateJson(agent, this.#address);
    });
    this.#server.get("/:self/health", async (_request, reply) => await reply.code(200).send());
  }

  get address(): string {
    return this.#address;
  }

  async listen(ip: string): Promise<void> {
    await this.#server.listen({ host: ip, port: 0 });
    const bound = this.#server.server.address();
    this.#address = `${ip}:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  }

  add(n: number, agent: NoopAgent): void {
    this.#agents.set(`slave(${n})`, agent);
  }

  async close(): Promise<void> {
    await this.#server.close();
  }
}

function stateJson(agent: NoopAgent, address: string): Record<string, unknown> {
  const { info } = agent;
  return {
    version: mesosVersion,
    id: agent.id ?? "",
    pid: `slave@${address}`,
    hostname: info.hostname,
    resources: toLegacy(fromJson(info.resources)),
    attributes: attributesToLegacy(info.attributes),
    frameworks: [],
    completed_frameworks: [],
    tasks: [...agent.tasks].map((task) => ({
      id: task.info.task_id.value,
      framework_id: task.framework.id?.value ?? "",
      state: task.updates.latest?.state ?? "TASK_STAGING",
    })),
  };
}
