// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { marathonProgram, rewrite } from "./support/marathon-program";
import { pluginDirectory } from "./support/repository";
import { TestStack } from "./support/test-stack";

const user = "admin";
const password = "hush-password-of-marathon";
/** In the environments of an app and a pod, with what JSON and shells write otherwise. */
const ofApp = 'hush of the "app"\\n \n second line';
const ofPod = "hush-of-the-pod";
const ofDocker = "SECRET=hush-of-docker";
const basic = Buffer.from(`${user}:${password}`).toString("base64");

/** Every form in which one of them could be shown. */
const forms = [ofApp, ofPod, ofDocker, password, basic, "hush of the", "second line"].flatMap((text) => {
  const json = JSON.stringify(text).slice(1, -1);
  return [text, json, JSON.stringify(json).slice(1, -1)];
});

/**
 * From -v=7 on the engine, and the program's SDK as debug lines, write down whatever goes through them, in plain. That is
 * their own doing; what the plugin hands them to be shown is looked at all the same.
 */
const ofOthers = /^\{"time":.*"v":[789]\}$|RegisterResource RPC (prepared|finished)/;

function body(fields: { app?: object }): string {
  return `
const s = pulumi.secret;
new mesos.marathon.App("web", { cmd: "exec sleep 100000", cpus: 0.1, mem: 32, env: { A: s(${JSON.stringify(ofApp)}) }, ...${JSON.stringify(fields.app ?? {})} }, { provider, customTimeouts: { create: "3s", update: "3s" } });
new mesos.marathon.App("docker", { cpus: 0.1, mem: 32, instances: 0, container: { type: "DOCKER", docker: { image: "nginx", parameters: [{ key: "env", value: s(${JSON.stringify(ofDocker)}) }] } } }, { provider });
new mesos.marathon.Pod("pair", { containers: [{ name: "one", resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: "sleep 1" } } }], environment: { A: s(${JSON.stringify(ofPod)}) }, scaling: { kind: "fixed", instances: 0 } }, { provider });
exports.done = true;`;
}

describe("secrets kept out of logs and state", function () {
  this.timeout(600_000);
  let cluster: Cluster;
  let stack: TestStack;
  let run = 0;
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-secrets-"));
  const stderr = path.join(directory, "stderr");

  before(async () => {
    const plugin = path.join(pluginDirectory, "pulumi-resource-mesos");
    const script = `#!/bin/sh\nexec '${process.execPath}' '${plugin}' "$@" 2>>'${stderr}'\n`;
    writeFileSync(path.join(directory, "pulumi-resource-mesos"), script, { mode: 0o755 });
    cluster = await startCluster({
      network: "127.130.6",
      agents: 1,
      flags: { marathon: { http_credentials: `${user}:${password}` } },
    });
    stack = await TestStack.create({
      program: { source: marathonProgram("") },
      config: { marathonUrls: JSON.stringify([cluster.marathon.url]), marathonUser: user },
      secrets: { marathonPassword: password },
      // Without this setting the engine has no --event-log.
      plugin: directory,
      env: { PULUMI_DEBUG_COMMANDS: "true" },
    });
  });
  after(async () => {
    await stack?.close();
    await cluster?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function shown(what: string, text: string): void {
    for (const form of forms) {
      const at = text.indexOf(form);
      const around = text.slice(Math.max(0, at - 200), at + 100).replaceAll(form, "<HERE>");
      assert.ok(at < 0, `${what} shows ${JSON.stringify(form)}: ${around}`);
    }
  }

  /** Runs the engine as talkative as it gets; fails when anything that it says or keeps holds a secret. Answers its words. */
  async function quiet(command: string, ...more: string[]): Promise<string> {
    const events = path.join(stack.directory, `events-${++run}.json`);
    const logged =
      command === "preview" || command === "up" || command === "refresh" || command === "destroy";
    const outcome = await stack.pulumi([
      command,
      ...(logged ? ["--event-log", events] : []),
      ...more,
      "--logtostderr",
      "--logflow",
      "-v=9",
    ]);
    const lines = outcome.output.split("\n").filter((line) => !ofOthers.test(line));
    assert.ok(
      lines.some((line) => /^\{"time":/.test(line)),
      "the engine logs",
    );
    shown(`${command}: output and log`, lines.join("\n"));
    shown(`${command}: the plugin's stderr`, readFileSync(stderr, "utf8"));
    assert.ok(!logged || existsSync(events), outcome.output.slice(-3_000));
    if (logged) {
      const said = readFileSync(events, "utf8")
        .split("\n")
        .filter((line) => !ofOthers.test(line));
      shown(`${command}: the event log`, said.join("\n"));
    }
    shown(`${command}: the plain state`, await stack.ok("stack", "export"));
    return outcome.output;
  }

  it("secrets kept out of logs and state: previewed, made, changed, read and deleted", async () => {
    rewrite(stack, body({}));
    assert.match(await quiet("preview", "--diff"), /mesos:marathon:App/);
    await quiet("up", "--yes", "--skip-preview", "--diff");
    rewrite(stack, body({ app: { instances: 2 } }));
    await quiet("up", "--yes", "--skip-preview", "--diff");
    await quiet("refresh", "--yes", "--skip-preview", "--diff");
    await stack.unchanged();
  });

  it("secrets kept out of logs and state: not in what fails, and not in what Marathon says again", async () => {
    const authorization = `Basic ${basic}`;
    const echo = JSON.stringify({ A: ofApp });
    cluster.failNext("PUT /v2/apps/web", {
      status: 422,
      body: {
        message: "Object is not valid",
        details: [{ path: "/", errors: [`${echo} for ${authorization}`] }],
      },
    });
    rewrite(stack, body({ app: { instances: 3 } }));
    assert.match(await quiet("up", "--yes", "--skip-preview", "--diff"), /answered 422: Object is not valid/);
    cluster.tasks.script("/web", { failStart: `cannot start with ${ofApp}` });
    rewrite(stack, body({ app: { instances: 3, cmd: "exec sleep 1" } }));
    const failed = await quiet("up", "--yes", "--skip-preview", "--diff");
    assert.match(failed, /last failure: TASK_FAILED on \S+: .*cannot start with \[secret\]/);
    cluster.tasks.script("/web", {});
    await quiet("destroy", "--yes", "--skip-preview");
  });
});
