// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createStatusServer } from "./status-server";

const metrics = async (): Promise<string> => "up 1\n";

describe("the status server", () => {
  async function statuses(token: string | undefined, authorization?: string): Promise<number[]> {
    const server = createStatusServer({ health: () => ({}), status: () => ({ pools: {} }), metrics, token });
    const port = await server.listen("127.0.0.1", 0);
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    try {
      const paths = ["/health", "/status", "/metrics", "/elsewhere"];
      const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers });
      return (await Promise.all(paths.map(get))).map(({ status }) => status);
    } finally {
      await server.close();
    }
  }

  it("tells everybody everything where it has no token", async () => {
    assert.deepEqual(await statuses(undefined), [200, 200, 200, 404]);
  });

  it("tells whoever has not its token that it is well, and no more", async () => {
    assert.deepEqual(await statuses("token", "Bearer token"), [200, 200, 200, 404]);
    for (const wrong of [undefined, "Bearer toke", "Bearer tokens", "Basic token", ""]) {
      assert.deepEqual(await statuses("token", wrong), [200, 401, 401, 404]);
    }
  });
});
