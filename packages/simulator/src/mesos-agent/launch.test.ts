// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname, join } from "node:path";
import { Fixture, fileIn, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";

const secret = "correct-horse-battery-staple";
const encoded = Buffer.from(secret).toString("base64");

describe("what a task is launched with", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let server: Server;
  let url: string;

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.105.1.1");
    await until("a leader", () => master.program.leader);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe({ capabilities: [{ type: "MULTI_ROLE" }] });
    server = createServer((request, answer) => {
      const file = join(fixture.directory, `served-${(request.url ?? "").slice(1)}`);
      if (!existsSync(file)) return answer.writeHead(404).end();
      return answer.end(readFileSync(file));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.105.1.2", resolve));
    const address = server.address();
    url = `http://127.105.1.2:${typeof address === "object" && address !== null ? address.port : 0}`;
  });
  afterEach(async () => {
    scheduler.disconnect();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fixture.end();
  });

  const agent = async (...more: string[]) =>
    await fixture.agent("a", [`--master=${master.address}`, "--ip=127.105.2.1", ...more]);
  const stdout = () => fileIn(join(fixture.directory, "a", "slaves"), "stdout");

  it("has its uris fetched, extracted, renamed and made executable before it runs (docs/fetcher.md)", async () => {
    const write = (name: string, text: string) => writeFileSync(join(fixture.directory, name), text);
    write("inside", "packed\n");
    write("served-plain", "plain\n");
    write("served-run", "#!/bin/sh\necho ran\n");
    execFileSync("tar", ["-C", fixture.directory, "-czf", join(fixture.directory, "served-a.tgz"), "inside"]);
    await agent();
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: {
        value: "cat inside plain other/name; ./run; ls -d a.tgz",
        uris: [
          { value: `${url}/a.tgz`, cache: true },
          { value: `${url}/plain` },
          { value: `file://${fixture.directory}/inside`, output_file: "other/name", extract: false },
          { value: `${url}/run`, executable: true },
        ],
      },
    });
    await scheduler.state("t", "TASK_FINISHED");
    assert.equal(readFileSync(stdout() ?? "", "utf8"), "packed\nplain\npacked\nran\na.tgz\n");
  });

  it("fails with the real reason when a uri cannot be fetched, and the sandbox says why", async () => {
    await agent();
    const uris = [{ value: `${url.replace("//", `//me:${secret}@`)}/missing` }];
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "true", uris },
    });
    const { reason, message } = await scheduler.state("t", "TASK_FAILED");
    assert.equal(reason, "REASON_CONTAINER_LAUNCH_FAILED");
    assert.match(
      message ?? "",
      /^Failed to launch container: Failed to fetch all URIs for container '[\w-]+': exited with status 1$/,
    );
    const said = fileIn(join(fixture.directory, "a", "slaves"), "stderr") ?? "";
    assert.match(
      readFileSync(said, "utf8"),
      /Failed to fetch 'http:[^']+\/missing': .* HTTP return code 404/,
    );
    assert.doesNotMatch(readFileSync(said, "utf8"), /staple/);
  });

  it("fails for a port that was not offered", async () => {
    await agent();
    const ports = { name: "ports", type: "RANGES", ranges: { range: [{ begin: 31_009, end: 31_010 }] } };
    const resources = [{ name: "cpus", type: "SCALAR", scalar: { value: 0.1 } }, ports];
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      resources,
      command: { value: "true" },
    });
    const { reason, message } = await scheduler.state("t", "TASK_ERROR");
    assert.equal(reason, "REASON_TASK_INVALID");
    assert.match(
      message ?? "",
      /ports\(allocated: \*\):\[31009-31010\] required by task .* is more than available/,
    );
  });

  it("has its secrets in its environment, in its checks after a restart too, and nobody else has them", async () => {
    const first = await agent();
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      health_check: {
        type: "COMMAND",
        command: {
          value: `echo x >> checks; test "$PASSWORD" = ${[...secret].map((c) => `"${c}"`).join("")}`,
        },
        delay_seconds: 0,
        interval_seconds: 0.1,
        grace_period_seconds: 0,
        consecutive_failures: 1,
      },
      command: {
        value: 'echo length $(printf %s "$PASSWORD" | wc -c); while :; do sleep 0.1; done',
        environment: {
          variables: [
            { name: "PASSWORD", type: "SECRET", secret: { type: "VALUE", value: { data: encoded } } },
          ],
        },
      },
    });
    const healthy = () =>
      scheduler.updates.filter((u) => (u as { healthy?: boolean }).healthy === true).length;
    await until("it is healthy", () => healthy() > 0);
    const answers = async (base: string, calls: readonly string[], paths: readonly string[]) => {
      const texts = await Promise.all([
        ...calls.map(async (type) => (await http("POST", `${base}/api/v1`, { type })).text),
        ...paths.map(async (path) => (await http("GET", `${base}${path}`)).text),
      ]);
      return texts.join("\n");
    };
    const calls = ["GET_STATE", "GET_TASKS", "GET_EXECUTORS", "GET_FRAMEWORKS"];
    const agentUrl = `http://${first.pid.split("@")[1]}`;
    const all = [
      await answers(agentUrl, [...calls, "GET_CONTAINERS"], ["/state", "/containers"]),
      await answers(master.url, calls, ["/state", "/tasks", "/frameworks"]),
      master.lines.join("\n"),
      ...readdirSync(fixture.directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")),
    ].join("\n");
    assert.ok(all.includes(`length ${secret.length}`), "its output is among what is looked through");
    assert.ok(!all.includes(secret) && !all.includes(encoded), "nothing tells the secret");
    await first.close();
    const checks = () => statSync(fileIn(join(fixture.directory, "a", "slaves"), "checks") ?? "").size;
    const before = checks();
    const [, port] = (first.pid.split("@")[1] ?? "").split(":");
    const second = await agent(`--port=${port}`);
    await until("some more checks", () => checks() > before + 6);
    assert.equal(second.agent?.tasks[0]?.state, "TASK_RUNNING");
    assert.ok(!scheduler.updates.some((u) => (u as { healthy?: boolean }).healthy === false));
    for (const task of second.agent?.tasks ?? []) task.abandon();
  });

  it("keeps the sandbox for --gc_delay after its end, however long it ran", async () => {
    const program = await agent("--gc_delay=2secs");
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "until [ -e go ]; do sleep 0.05; done" },
    });
    await scheduler.state("t", "TASK_RUNNING");
    const sandbox = dirname(stdout() ?? "");
    const executor = dirname(dirname(sandbox));
    utimesSync(executor, 1, 1); // as if it had begun long ago
    writeFileSync(join(sandbox, "go"), "");
    await scheduler.state("t", "TASK_FINISHED");
    await until("acknowledged", () => program.agent?.tasks.length === 0);
    assert.ok(Date.now() - statSync(executor).mtimeMs < 60_000);
    await until("removed", () => !existsSync(executor));
  });
});
