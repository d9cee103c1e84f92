// SPDX-License-Identifier: Apache-2.0
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface StoredRule {
  readonly Id: string;
  readonly Acl: string;
  readonly Config: Record<string, string>;
}

/** Bamboo's API over rules in memory, which several of them may share. */
export class FakeBamboo {
  readonly rules: Map<string, StoredRule>;
  /** Every rule that was written, in order. */
  readonly written: StoredRule[] = [];
  writes = 0;
  /** What it asks for. */
  token: string | undefined;
  /** What it tells of apps' requests at each question; undefined for a real Bamboo, which does not know the question. */
  traffic: (() => Record<string, object>) | undefined = () => ({});
  /** Whether it shows an older state than the others. */
  isBehind = false;
  /** Whether it cannot answer, as without its ZooKeeper. */
  isBroken = false;
  url = "";
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
        return response.writeHead(401).end("give the edge's token\n");
      }
      if (this.isBroken) return response.writeHead(500).end("zookeeper is away\n");
      if (request.url === "/api/traffic") {
        const { traffic } = this;
        return traffic ? response.end(JSON.stringify(traffic())) : response.writeHead(404).end();
      }
      const id = `/${(request.url ?? "").slice("/api/services/".length)}`;
      if (request.method === "GET") {
        return response.end(JSON.stringify(this.isBehind ? {} : Object.fromEntries(this.rules)));
      }
      this.writes += 1;
      if (request.method === "DELETE") {
        if (this.rules.delete(id)) return response.end("null");
        return response.writeHead(400).end("zk: node does not exist\n");
      }
      const { id: Id, acl: Acl, config } = JSON.parse(Buffer.concat(chunks).toString());
      const rule = { Id, Acl, Config: { ...config, Acl } };
      this.rules.set(Id, rule);
      this.written.push(rule);
      return response.end(JSON.stringify(rule));
    });
  });

  private constructor(rules: Map<string, StoredRule>) {
    this.rules = rules;
  }

  static async start(rules = new Map<string, StoredRule>()): Promise<FakeBamboo> {
    const fake = new FakeBamboo(rules);
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.83.3.2", resolve));
    fake.url = `http://127.83.3.2:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
