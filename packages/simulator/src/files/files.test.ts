// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { formats, json, send } from "../mesos-master/wire-client.test";
import { Fixture, fileIn, getJson, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";
import { decode, encode, type Json, type V1Type } from "../v1";

const query = (values: Record<string, string>): string => new URLSearchParams(values).toString();

async function call(url: string, types: readonly [V1Type, V1Type], body: Json, format = formats[0] ?? json) {
  const headers = { "content-type": format, accept: format };
  const { status, body: bytes } = await send(url, headers, encode(types[0], format, body));
  return { status, answer: status === 200 ? decode(types[1], format, bytes) : bytes.toString("utf8") };
}

describe("/files/{browse,read,download,debug}, LIST_FILES and READ_FILE (docs/endpoints/files)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(async () => {
    await fixture.end();
  });

  const withLog = async (text: string, more: string[] = []): Promise<TestMaster> => {
    const log = join(fixture.directory, "own.txt");
    writeFileSync(log, text, { mode: 0o640 });
    return await fixture.master("m", [`--external_log_file=${log}`, ...more], "127.114.1.1");
  };

  describe("of a master", () => {
    const types = ["mesos.v1.master.Call", "mesos.v1.master.Response"] as const;

    it("reads parts of the external log by offset and length, at most 64 KiB", async () => {
      const { url } = await withLog(`${"x".repeat(70_000)}end`);
      const read = (more: Record<string, string>) =>
        getJson<{ data: string; offset: number }>(
          `${url}/files/read?${query({ path: "/master/log", ...more })}`,
        );
      assert.deepEqual(await read({}), { data: "", offset: 70_003 });
      assert.deepEqual(await read({ offset: "-1", length: "-1" }), { data: "", offset: 70_003 });
      assert.deepEqual(await read({ offset: "70000" }), { data: "end", offset: 70_000 });
      assert.deepEqual(await read({ offset: "70000", length: "2" }), { data: "en", offset: 70_000 });
      assert.deepEqual(await read({ offset: "80000", length: "2" }), { data: "", offset: 80_000 });
      assert.equal((await read({ offset: "0" })).data.length, 65_536);
    });

    it("sends bytes as they are", async () => {
      const { url } = await withLog("zwölf\n");
      const answer = await send(`${url}/files/read?path=/master/log&offset=3&length=1`, {}, "", "GET");
      assert.deepEqual(
        answer.body,
        Buffer.concat([Buffer.from('{"data":"'), Buffer.from([0xb6]), Buffer.from('","offset":3}')]),
      );
    });

    it("downloads it whole, and tells where it lies", async () => {
      const { url } = await withLog("all of it");
      const whole = await http("GET", `${url}/files/download?path=/master/log`);
      assert.deepEqual(
        [
          whole.status,
          whole.text,
          whole.headers["content-disposition"],
          whole.headers["content-type"]?.toString().split(";")[0],
        ],
        [200, "all of it", "attachment; filename=own.txt", "text/plain"],
      );
      assert.deepEqual(await getJson(`${url}/files/debug`), {
        "/master/log": join(fixture.directory, "own.txt"),
      });
      assert.deepEqual(await getJson(`${url}/files/browse.json?path=/master/log`), []);
    });

    it("refuses in Mesos's words", async () => {
      const { url } = await withLog("text");
      const cases: [string, number, string][] = [
        ["browse", 400, "Expecting 'path=value' in query.\n"],
        ["read?path=", 400, "Expecting 'path=value' in query.\n"],
        ["download", 400, "Expecting 'path=value' in query.\n"],
        ["browse?path=/etc", 404, ""],
        ["read?path=/etc/passwd", 404, ""],
        ["read?path=/master/log/below", 404, ""],
        ["download?path=/master", 404, ""],
        ["read?path=/master/log&offset=a", 400, "Failed to parse offset: Failed to convert 'a' to number.\n"],
        ["read?path=/master/log&length=b", 400, "Failed to parse length: Failed to convert 'b' to number.\n"],
        ["read?path=/master/log&offset=-2", 400, "Negative offset provided: -2.\n"],
        ["read?path=/master/log&length=-2", 400, "Negative length provided: -2.\n"],
      ];
      for (const [path, status, text] of cases) {
        const answer = await http("GET", `${url}/files/${path}`);
        assert.deepEqual([answer.status, answer.text], [status, text], path);
      }
    });

    it("answers READ_FILE and LIST_FILES in JSON and protobuf", async () => {
      const { url, program } = await withLog("some text");
      await until("a leader", () => program.leader);
      const path = "/master/log";
      for (const format of formats) {
        const ask = (type: string, args: Json) =>
          call(`${url}/api/v1`, types, { type, [type.toLowerCase()]: args }, format);
        const data = Buffer.from("text").toString("base64");
        assert.deepEqual(await ask("READ_FILE", { path, offset: 5 }), {
          status: 200,
          answer: { type: "READ_FILE", read_file: { size: 9, data } },
        });
        const some = (await ask("READ_FILE", { path, offset: 5, length: 2 })).answer as Json;
        assert.deepEqual(some["read_file"], { size: 9, data: Buffer.from("te").toString("base64") });
        const listed = (await ask("LIST_FILES", { path })).answer as Json;
        assert.equal(listed["type"], "LIST_FILES");
        assert.deepEqual(await ask("LIST_FILES", { path: "/" }), { status: 404, answer: "" });
        assert.deepEqual(await ask("READ_FILE", { path: "/none", offset: 0 }), { status: 404, answer: "" });
      }
    });

    it("keeps a log of its own in --log_dir", async () => {
      const directory = join(fixture.directory, "logs");
      const { url } = await fixture.master("m", [`--log_dir=${directory}`], "127.114.1.1");
      const { offset } = await getJson<{ offset: number }>(`${url}/files/read?path=/master/log`);
      assert.ok(offset > 0);
      assert.match(readFileSync(join(directory, "mesos-master.INFO"), "utf8"), /started on 127\.114\.1\.1/);
      const { text } = await http("GET", `${url}/files/download?path=/master/log`);
      assert.match(text, /started on 127\.114\.1\.1/);
    });

    it("shows nothing without a log, and nothing to whom access_mesos_logs does not allow", async () => {
      const bare = await fixture.master("bare", [], "127.114.1.2");
      assert.deepEqual(await getJson(`${bare.url}/files/debug`), {});
      assert.equal((await http("GET", `${bare.url}/files/read?path=/master/log`)).status, 404);

      const acls = JSON.stringify({
        access_mesos_logs: [{ principals: { type: "NONE" }, logs: { type: "ANY" } }],
        get_endpoints: [{ principals: { type: "NONE" }, paths: { values: ["/files/debug"] } }],
      });
      const { url, program } = await withLog("secret", [`--acls=${acls}`]);
      await until("a leader", () => program.leader);
      for (const [name, words] of [
        ["browse", ""],
        ["read", ""],
        ["download", "403 Forbidden."],
        ["debug", "403 Forbidden."],
      ]) {
        const { status, text } = await http("GET", `${url}/files/${name}?path=/master/log`);
        assert.deepEqual([status, text], [403, words], name);
      }
      const v1 = { type: "READ_FILE", read_file: { path: "/master/log", offset: 0 } };
      assert.deepEqual(await call(`${url}/api/v1`, types, v1), { status: 403, answer: "" });
    });
  });

  describe("of an agent", () => {
    const types = ["mesos.v1.agent.Call", "mesos.v1.agent.Response"] as const;

    it("shows a task's sandbox by its path and as the latest of its executor", async () => {
      const master = await fixture.master("m", [], "127.114.1.1");
      await until("a leader", () => master.program.leader);
      const logs = join(fixture.directory, "logs");
      const agent = await fixture.agent("a", [
        `--master=${master.address}`,
        "--ip=127.114.2.1",
        `--log_dir=${logs}`,
      ]);
      const base = `http://${agent.pid.split("@")[1]}`;
      const scheduler = new TestScheduler(master.url);
      fixture.onEnd(async () => scheduler.disconnect());
      await scheduler.subscribe();
      await scheduler.launch(await scheduler.offer(), {
        task_id: { value: "files" },
        command: { value: "echo hello; mkdir sub; umask 027; echo > sub/f; exec sleep 1000" },
      });
      await scheduler.state("files", "TASK_RUNNING");
      const sandbox = await until("the sandbox", () => agent.agent?.tasks[0]?.sandbox);
      const found = await until("its file", () => fileIn(sandbox, "f"));
      const latest = `/frameworks/${scheduler.frameworkId}/executors/files/runs/latest`;

      const ask = (name: string, path: string) =>
        http("GET", `${base}/slave(1)/files/${name}?${query({ path })}`);
      const names = (text: string) => (JSON.parse(text) as { path: string }[]).map((f) => f.path);
      const root = names((await ask("browse", sandbox)).text);
      assert.ok(root.includes(join(sandbox, "stdout")) && root.includes(join(sandbox, "sub")));
      assert.ok(names((await ask("browse", latest)).text).includes(`${latest}/stdout`));
      const [entry] = JSON.parse((await ask("browse", `${latest}/sub/`)).text);
      const { mtime, ...rest } = entry;
      assert.ok(Number.isInteger(mtime));
      assert.deepEqual(rest, {
        path: `${latest}/sub/f`,
        nlink: 1,
        size: 1,
        mode: "-rw-r-----",
        uid: userInfo().username,
        gid: execFileSync("id", ["-gn"], { encoding: "utf8" }).trim(),
      });
      const listed = await call(`${base}/api/v1`, types, {
        type: "LIST_FILES",
        list_files: { path: `${latest}/sub` },
      });
      const infos = (listed.answer as { list_files: { file_infos: Json[] } }).list_files.file_infos;
      assert.deepEqual(infos[0], {
        ...rest,
        mode: 0o100640,
        mtime: { nanoseconds: `${mtime}000000000` },
      });
      const out = await call(`${base}/api/v1`, types, {
        type: "READ_FILE",
        read_file: { path: `${latest}/stdout`, offset: 0 },
      });
      const { data } = (out.answer as { read_file: { data: string } }).read_file;
      assert.equal(Buffer.from(data, "base64").toString("utf8"), "hello\n");
      const missing = await call(`${base}/api/v1`, types, { type: "READ_FILE" });
      assert.deepEqual(missing, {
        status: 400,
        answer: "Failed to validate agent::Call: Expecting 'read_file' to be present",
      });

      symlinkSync("/etc", join(sandbox, "out"));
      execFileSync("mkfifo", [join(sandbox, "pipe")]);
      const up = Array(8).fill("..").join("/");
      for (const [name, path, status, text] of [
        ["browse", `${sandbox}/out`, 400, `'${sandbox}/out' is inaccessible.\n`],
        ["read", `${sandbox}/${up}/meta/boot_id`, 400, `'${sandbox}/${up}/meta/boot_id' is inaccessible.\n`],
        ["read", join(sandbox, "sub"), 400, "Cannot read a directory.\n"],
        ["download", join(sandbox, "sub"), 400, "Cannot download a directory.\n"],
        ["download", join(sandbox, "pipe"), 404, ""],
        ["read", join(sandbox, "pipe"), 200, '{"data":"","offset":0}'],
        ["browse", join(sandbox, "none"), 404, ""],
        ["read", fixture.directory, 404, ""],
      ] as const) {
        const answer = await ask(name, path);
        assert.deepEqual([answer.status, answer.text], [status, text], `${name} ${path}`);
      }
      assert.equal(found, join(sandbox, "sub", "f"));
      const attached = JSON.parse((await ask("debug", "")).text);
      assert.equal(attached[latest], sandbox);
      assert.equal(attached["/slave/log"], join(logs, "mesos-agent.INFO"));
      assert.match((await ask("download", "/slave/log")).text, /agent started on 127\.114\.2\.1/);
      await scheduler.call("KILL", { task_id: { value: "files" } });
      await scheduler.state("files", "TASK_KILLED");
    });
  });
});
