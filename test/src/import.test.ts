// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { request } from "./support/http";
import { repository } from "./support/repository";
import { type Outcome, run } from "./support/run";
import { secretValues, variedApps, variedGroups, variedPods } from "./support/varied-apps";

const cli = path.join(repository, "packages/cli/bin/pulumi-mesos");

describe("pulumi-mesos import", function () {
  this.timeout(1_200_000);
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-import-"));
  const project = path.join(directory, "shop");
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${directory}/backend?metadata=skip`,
    PULUMI_HOME: path.join(directory, "home"),
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
  };
  let cluster: Cluster;

  function pulumiMesos(...args: string[]): Promise<Outcome> {
    return run(process.execPath, [cli, ...args], { cwd: directory, env });
  }

  async function ok(outcome: Promise<Outcome>): Promise<string> {
    const { code, output } = await outcome;
    assert.equal(code, 0, output);
    return output;
  }

  function pulumi(...args: string[]): Promise<string> {
    return ok(run("pulumi", [...args, "--non-interactive"], { cwd: project, env }));
  }

  async function tasks(): Promise<string[]> {
    return (await cluster.tasks.list()).map(({ id }) => id).sort();
  }

  /** Every file of the project that somebody may commit. */
  function written(): string {
    const files = readdirSync(project, { recursive: true, encoding: "utf8", withFileTypes: true });
    return files
      .filter((file) => file.isFile() && !file.parentPath.includes("node_modules"))
      .map((file) => readFileSync(path.join(file.parentPath, file.name), "utf8"))
      .join("\n");
  }

  function withoutSecrets(text: string): void {
    for (const secret of secretValues) assert.ok(!text.includes(secret), `${secret} is shown`);
  }

  before(async () => {
    mkdirSync(path.join(directory, "backend"));
    cluster = await startCluster({
      network: "127.122.1",
      agents: 3,
      flags: { marathon: { enable_features: "secrets,external_volumes", mesos_role: "services" } },
    });
    for (const app of variedApps) {
      const answer = await request(`${cluster.marathon.url}/v2/apps`, { method: "POST", json: app });
      assert.equal(answer.status, 201, `${app.id}: ${answer.body}`);
    }
    for (const pod of variedPods) {
      const answer = await request(`${cluster.marathon.url}/v2/pods`, { method: "POST", json: pod });
      assert.equal(answer.status, 201, `${pod.id}: ${answer.body}`);
    }
    for (const group of variedGroups) {
      const answer = await request(`${cluster.marathon.url}/v2/groups`, { method: "POST", json: group });
      assert.equal(answer.status, 201, `${group.id}: ${answer.body}`);
    }
    await cluster.waitForApp("/plain");
    const scaled = { method: "PUT", json: { instances: 3 } };
    assert.equal((await request(`${cluster.marathon.url}/v2/apps/plain`, scaled)).status, 200);
    await cluster.waitForApp("/plain");
  });

  after(async () => {
    await cluster?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("import / adopt, export to code: a program and an import file for everything that runs, without a change", async () => {
    const url = cluster.marathon.url;
    const said = await ok(pulumiMesos("import", "--marathon", url, "--out", "shop"));
    withoutSecrets(said);
    withoutSecrets(written());
    for (const { id } of variedGroups) assert.ok(written().includes(`Group("${id.slice(1)}"`), id);
    symlinkSync(path.join(repository, "node_modules"), path.join(project, "node_modules"));
    const compiler = path.join(repository, "node_modules/typescript/bin/tsc");
    await ok(run(process.execPath, [compiler, "--noEmit", "--project", project], { cwd: project, env }));
    await pulumi("stack", "init", "dev");
    withoutSecrets(await ok(pulumiMesos("configure", "--marathon", url, "--cwd", "shop")));
    withoutSecrets(written());
    const before = await tasks();
    const imported = await pulumi(
      ...["import", "--file", "resources.json", "--generate-code=false", "--protect=false", "--yes"],
    );
    withoutSecrets(imported);
    withoutSecrets(await pulumi("preview", "--diff", "--expect-no-changes"));
    withoutSecrets(await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"));
    const state = await pulumi("stack", "export");
    withoutSecrets(state);
    assert.deepEqual(await tasks(), before);
  });
});
