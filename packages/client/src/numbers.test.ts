// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readNumber } from "./numbers";

describe("a number that somebody else knows", () => {
  let server: Server;
  let answer: unknown;
  let asked: string | undefined;
  const read = (query?: string): Promise<number> => {
    const { port } = server.address() as AddressInfo;
    return readNumber({ url: `http://127.0.0.1:${port}/`, query }, 60_000, new AbortController().signal);
  };
  beforeEach(async () => {
    server = createServer((request, response) => {
      asked = request.url;
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("is a number or a document's value", async () => {
    answer = 7.5;
    assert.equal(await read(), 7.5);
    answer = { value: 8, unit: "jobs" };
    assert.equal(await read(), 8);
    answer = { values: 8 };
    await assert.rejects(read(), /answered with something unexpected/);
  });

  it("is the one result of a query of Prometheus, a vector's or a scalar", async () => {
    answer = {
      status: "success",
      data: { resultType: "vector", result: [{ metric: {}, value: [1, "12.5"] }] },
    };
    assert.equal(await read("sum(jobs)"), 12.5);
    assert.equal(asked, "/api/v1/query?query=sum(jobs)");
    answer = { status: "success", data: { resultType: "scalar", result: [1, "3"] } };
    assert.equal(await read("3"), 3);
  });

  it("fails when the query has no result, several, or none that is a number", async () => {
    const vector = (...values: string[]) => ({
      data: { resultType: "vector", result: values.map((value) => ({ metric: {}, value: [1, value] })) },
    });
    answer = vector();
    await assert.rejects(read("q"), /^MesosError: q: must have one result that is a number, got 0 results$/);
    answer = vector("1", "2");
    await assert.rejects(read("q"), /got 2 results$/);
    answer = vector("NaN");
    await assert.rejects(read("q"), /got "NaN"$/);
  });
});
