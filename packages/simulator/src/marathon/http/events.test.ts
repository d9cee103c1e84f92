// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { TestMarathon } from "../testing/test-marathon";

/** One reader of `/v2/events` that notes frames as they are on the wire. */
class EventReader {
  text = "";
  closed = false;
  readonly #request: ClientRequest;
  #answer: IncomingMessage | undefined;

  constructor(url: string, query = "") {
    this.#request = request(`${url}/v2/events${query}`, {
      headers: { accept: "text/event-stream" },
      agent: false,
    });
    this.#request.on("response", (answer) => {
      this.#answer = answer;
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        this.text += part;
      });
      answer.on("close", () => {
        this.closed = true;
      });
      answer.on("error", () => undefined);
    });
    this.#request.on("error", () => {
      this.closed = true;
    });
    this.#request.end();
  }

  get open(): boolean {
    return this.#answer !== undefined;
  }

  get headers(): IncomingMessage["headers"] {
    return this.#answer?.headers ?? {};
  }

  get events(): { eventType: string; [field: string]: unknown }[] {
    return this.text.split("\n").flatMap((l) => (l.startsWith("data: ") ? [JSON.parse(l.slice(6))] : []));
  }

  pause(): void {
    this.#answer?.pause();
  }

  resume(): void {
    this.#answer?.resume();
  }

  end(): void {
    this.#request.destroy();
  }
}

describe("marathon: /v2/events", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;
  const readers: EventReader[] = [];

  beforeEach(async () => {
    marathon = await TestMarathon.start({ server: { maxMessages: 1000 } });
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.end();
    await marathon.close();
  });

  async function read(query = ""): Promise<EventReader> {
    const reader = new EventReader(marathon.url, query);
    readers.push(reader);
    await marathon.until(() => reader.open, "the stream");
    return reader;
  }

  it("sends frames of event and data, and says who comes and goes", async () => {
    const reader = await read();
    assert.match(String(reader.headers["content-type"]), /^text\/event-stream/);
    assert.equal(reader.headers["x-marathon-leader"], "http://leader:8080");
    const other = await read("?event_type=none");
    other.end();
    await marathon.until(
      () => reader.events.some((e) => e.eventType === "event_stream_detached"),
      "the other's end",
    );
    assert.match(
      reader.text,
      /^event: event_stream_attached\ndata: \{"remoteAddress":"127\.0\.0\.1",.*\}\n\n/,
    );
  });

  it("filters by event_type, which may be repeated, and takes plan-format", async () => {
    const reader = await read(
      "?event_type=group_change_success&event_type=deployment_success&plan-format=light",
    );
    const answer = await marathon.call("POST", "/v2/apps", { id: "/a", cmd: "sleep 9" });
    await marathon.until(() => reader.events.some((e) => e.eventType === "deployment_success"), "success");
    assert.deepEqual(
      reader.events.map((e) => e.eventType),
      ["group_change_success", "deployment_success"],
    );
    const plan = reader.events[1]?.["plan"] as Record<string, unknown>;
    assert.deepEqual(Object.keys(plan).sort(), ["id", "steps", "version"]);
    assert.equal(reader.events[0]?.["version"], answer.body.version);
  });

  it("fails without Accept: text/event-stream, with a page", async () => {
    const answer = await marathon.call("GET", "/v2/events");
    assert.equal(answer.status, 405);
    assert.match(answer.text, /HTTP ERROR 405/);
  });

  it("answers other methods as a servlet does, not as the API", async () => {
    const options = await fetch(`${marathon.url}/v2/events`, { method: "OPTIONS" });
    assert.deepEqual([options.status, options.headers.get("allow")], [200, "GET, HEAD, OPTIONS"]);
    for (const [method, status, reason] of [
      ["POST", 405, "HTTP method POST is not supported by this URL"],
      ["DELETE", 405, "HTTP method DELETE is not supported by this URL"],
      ["PATCH", 501, "Method PATCH is not defined in RFC 2068 and is not supported by the Servlet API"],
    ] as const) {
      const answer = await marathon.call(method, "/v2/events");
      assert.equal(answer.status, status);
      assert.ok(answer.text.includes(`<title>Error ${status} ${reason}</title>`), answer.text);
    }
  });

  it("says api_post_event with the client's address and the path alone", async () => {
    await marathon.call("PUT", "/v2/apps/a?force=true", { cmd: "sleep 9", instances: 0 });
    const event = marathon.events.find((e) => e.eventType === "api_post_event");
    assert.deepEqual([event?.["clientIp"], event?.["uri"]], ["127.0.0.1", "/v2/apps/a"]);
    assert.equal((event?.["appDefinition"] as { id: string } | undefined)?.id, "/a");
  });

  it("adds the checks of every version before its step acts, and removes all when the app stops", async () => {
    const checked = {
      id: "/a",
      cmd: "sleep 9",
      instances: 2,
      healthChecks: [{ protocol: "TCP", intervalSeconds: 1 }],
    };
    const made = await marathon.call("POST", "/v2/apps", checked);
    await marathon.deployed(made);
    const of = (type: string) => marathon.events.filter((e) => e.eventType === type);
    assert.equal(of("add_health_check_event").length, 1);
    const added = of("add_health_check_event")[0];
    assert.deepEqual(Object.keys(added ?? {}).sort(), [
      "appId",
      "eventType",
      "healthCheck",
      "timestamp",
      "version",
    ]);
    assert.equal(added?.["version"], made.body.version);
    const types = marathon.events.map((e) => e.eventType);
    assert.equal(types[types.indexOf("deployment_info") + 1], "add_health_check_event");
    const scaled = await marathon.call("PUT", "/v2/apps/a", { instances: 3 });
    await marathon.deployed(scaled);
    assert.equal(of("add_health_check_event")[1]?.["version"], scaled.body.version);
    await marathon.deployed(await marathon.call("PATCH", "/v2/apps/a", { env: { A: "1" } }));
    assert.equal(of("add_health_check_event").length, 3);
    assert.equal(of("remove_health_check_event").length, 0);
    await marathon.deployed(await marathon.call("DELETE", "/v2/apps/a"));
    assert.equal(of("remove_health_check_event").length, 3);
  });

  it("gets 50,000 events to ten readers without loss", async () => {
    const ten = await Promise.all(Array.from({ length: 10 }, () => read("?event_type=bulk")));
    for (let i = 0; i < 50_000; i += 500) {
      for (let n = i; n < i + 500; n++) marathon.core.events.emit("bulk", { n });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const count = (reader: EventReader) => reader.text.split('"eventType":"bulk"').length - 1;
    await marathon.until(() => ten.every((r) => r.text.includes('"n":49999')), "the last event");
    assert.deepEqual(
      ten.map(count),
      ten.map(() => 50_000),
    );
  });

  it("holds what ten slow readers have not got once for all of them", async () => {
    const ten = await Promise.all(Array.from({ length: 10 }, () => read("?event_type=bulk")));
    for (const reader of ten) reader.pause();
    const filler = "x".repeat(10_000);
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 700; n++) {
      marathon.core.events.emit("bulk", { n, filler });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const mib = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
    assert.ok(mib < 25, `${mib} MiB for 7 MiB of events`);
    for (const reader of ten) reader.resume();
    await marathon.until(() => ten.every((r) => r.text.includes('"n":699')), "the last event");
    assert.deepEqual(
      ten.map((r) => r.events.length),
      ten.map(() => 700),
    );
  });

  it("cuts a reader that does not read, and nobody else", async () => {
    const slow = await read("?event_type=bulk");
    const quick = await read("?event_type=bulk");
    slow.pause();
    const filler = "x".repeat(2_000);
    const detached = () => marathon.events.some((e) => e.eventType === "event_stream_detached");
    for (let n = 0; n < 100_000 && !detached(); n++) {
      marathon.core.events.emit("bulk", { n, filler });
      if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(detached());
    assert.equal(quick.closed, false);
    marathon.core.events.emit("bulk", { n: -1 });
    await marathon.until(() => quick.text.includes('"n":-1'), "the quick reader goes on");
  });
});
