// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as supervisor from "../../packages/supervisor/dist/index.js";
import { changesStack, needsStack } from "../stack/commands.mjs";
import { cutCreates, endCutCreates } from "../stack/cut-creates.mjs";
import { signalFilter } from "../stack/engine.mjs";
import { engineEnvironment } from "../stack/environment.mjs";
import { backendFolder, lockVerdict, processBeganMs } from "../stack/lock.mjs";
import { stackArgument, urlLines } from "../stack/stack.mjs";

describe("stack", () => {
  it("is looked at by pulumi-mesos with its exit codes", function () {
    this.timeout(60_000);
    const script = new URL("../mesos.mjs", import.meta.url).pathname;
    // Nobody listens there.
    const args = [script, "status", "--masters", "127.122.4.9:1"];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.equal(status, 2, stdout);
    assert.match(stdout, /^the given addresses: cannot tell$/m);
  });

  describe("lock of the engine", () => {
    const lock = { pid: 7, username: "u", hostname: "h", timestamp: "2026-01-01T00:00:10.5Z" };
    const at = (seconds) => () => Date.parse("2026-01-01T00:00:00Z") + seconds * 1000;

    it("is dead when no process has its pid, or one that began after the lock", () => {
      assert.equal(lockVerdict(lock, { host: "h", beganMs: () => undefined }), "dead");
      assert.equal(lockVerdict(lock, { host: "h", beganMs: at(60) }), "dead");
    });

    it("is alive when the process began before it", () => {
      assert.equal(lockVerdict(lock, { host: "h", beganMs: at(9) }), "alive");
    });

    it("cannot be judged from another machine", () => {
      assert.equal(lockVerdict(lock, { host: "i", beganMs: () => undefined }), "elsewhere");
    });

    it("knows when this process began, and that there is no process 0", () => {
      const began = processBeganMs(process.pid);
      assert.ok(began <= Date.now() + 1000 && began > Date.now() - process.uptime() * 1000 - 5000);
      assert.equal(processBeganMs(0), undefined);
    });

    it("is looked for in file backends only", () => {
      assert.equal(backendFolder("file:///a/b?x=1"), "/a/b");
      assert.match(backendFolder("file://~/s"), /^\/.*\/s$/);
      assert.equal(backendFolder("s3://bucket"), undefined);
      assert.equal(backendFolder(undefined), undefined);
    });
  });

  describe("environment of the engine", () => {
    let root;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), "tools-stack-"));
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));
    const environment = (env) => engineEnvironment({ engine: "/engine" }, env, root);

    it("keeps state and passphrase in the tree, the passphrase for its owner alone and always the same", () => {
      const env = environment({ PATH: "/bin" });
      assert.equal(env.PULUMI_BACKEND_URL, `file://${join(root, ".pulumi-state")}?metadata=skip`);
      assert.equal(env.PATH, "/engine:/bin");
      const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const passphrase = readFileSync(file, "utf8");
      assert.match(passphrase, /^[\w-]{43}\n$/);
      assert.equal(readFileSync(environment({}).PULUMI_CONFIG_PASSPHRASE_FILE, "utf8"), passphrase);
    });

    it("leaves home and passphrase to the user with a backend of his own", () => {
      const env = environment({ PULUMI_BACKEND_URL: "s3://b", PATH: "/bin" });
      assert.equal(env.PULUMI_BACKEND_URL, "s3://b");
      assert.equal(env.PULUMI_HOME, undefined);
      assert.equal(env.PULUMI_CONFIG_PASSPHRASE_FILE, undefined);
    });

    it("keeps a passphrase of the user's, even an empty one", () => {
      assert.equal(environment({ PULUMI_CONFIG_PASSPHRASE: "" }).PULUMI_CONFIG_PASSPHRASE_FILE, undefined);
      assert.equal(environment({ PULUMI_CONFIG_PASSPHRASE_FILE: "/f" }).PULUMI_CONFIG_PASSPHRASE_FILE, "/f");
    });

    it("fails when settings are left that only a lost passphrase could read", () => {
      writeFileSync(join(root, "Pulumi.dev.yaml"), "encryptionsalt: v1:x\n");
      assert.throws(
        () => environment({}),
        /Pulumi\.dev\.yaml was encrypted with .*passphrase, which is gone/,
      );
    });
  });

  it("passes on one signal of a key press, and the user's second one", () => {
    let now = 0;
    const passes = signalFilter(() => now);
    assert.ok(passes());
    now = 20;
    assert.ok(!passes());
    now = 900;
    assert.ok(passes());
  });

  it("finds the stack that a command names", () => {
    for (const args of [["-s", "a"], ["--stack", "a"], ["--diff", "--stack=a"], ["-sa"]])
      assert.equal(stackArgument(args), "a");
    assert.equal(stackArgument(["--show-sames"]), undefined);
  });

  it("asks for a stack only where the command works on one", () => {
    assert.ok(
      needsStack(["stack", "output"]) && needsStack(["up"]) && needsStack(["config", "set", "agents", "5"]),
    );
    assert.ok(
      !needsStack(["stack", "init", "x"]) && !needsStack(["version"]) && !needsStack(["up", "--help"]),
    );
    assert.ok(
      changesStack(["up"]) && changesStack(["destroy"]) && !changesStack(["preview"]) && !changesStack([]),
    );
  });

  it("prints the addresses among the outputs, one a line", () => {
    const outputs = { url: "http://127.0.0.1:8888", mesosUi: "https://m", count: 3, name: "x" };
    assert.deepEqual(urlLines(outputs), ["url      http://127.0.0.1:8888", "mesosUi  https://m"]);
  });

  describe("creates that a killed engine left pending", () => {
    const operation = (resource, type = "creating") => ({ type, resource });
    const urn = (type, name) => `urn:pulumi:dev::project::mesos:index:Cluster$${type}::${name}`;
    const pending = (type, inputs) => operation({ urn: urn(type, "x"), type, inputs });
    const exported = {
      deployment: {
        pending_operations: [
          pending("mesos:local:Process", { name: "cut" }),
          pending("mesos:local:Volume", { name: "cut" }),
          pending("mesos:index:AgentPool", { declaration: { name: "web" } }),
          pending("mesos:index:Ready", {}),
          operation({ urn: urn("mesos:local:Process", "y"), type: "mesos:local:Process" }, "deleting"),
        ],
      },
    };

    it("are read from the state", () => {
      const at = { project: "project", stack: "dev" };
      assert.deepEqual(cutCreates(exported), [
        { ...at, kind: "process", name: "cut" },
        { ...at, kind: "volume", name: "cut" },
        { ...at, kind: "pool", name: "web" },
      ]);
      assert.deepEqual(cutCreates({}), []);
    });

    it("are ended with the processes and volumes that they made, and nothing else is", async function () {
      this.timeout(60_000);
      const env = { ...process.env, XDG_STATE_HOME: mkdtempSync(join(tmpdir(), "tools-cut-")) };
      const scope = supervisor.scopeOf(supervisor.stateRoot(env), "project", "dev");
      const signal = AbortSignal.timeout(20_000);
      try {
        for (const name of ["cut", "web-1", "web-other"]) {
          const spec = { name, command: ["sleep", "1000"] };
          await supervisor.start(scope, spec, { searchPath: process.env.PATH, signal });
          await supervisor.makeVolume(scope, name);
        }
        await endCutCreates(cutCreates(exported), env);
        const left = (await supervisor.list(scope)).map(({ name }) => name);
        assert.deepEqual(left, ["web-other"]);
        assert.deepEqual(await supervisor.listVolumes(scope), ["web-other"]);
      } finally {
        await supervisor.end(scope, "web-other", { signal });
        rmSync(env.XDG_STATE_HOME, { recursive: true, force: true });
      }
    });
  });
});
