// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";
import { killAll, listenersIn, processesWith } from "./support/processes";
import { repository } from "./support/repository";
import { run } from "./support/run";

const octet = 95;

const view = new ClusterView(`127.${octet}`);

/** The program of the README, moved to a network of this test's own. */
function readmeProgram(): string {
  const readme = readFileSync(path.join(repository, "README.md"), "utf8");
  const [, text = ""] = /^```ts\n([\s\S]*?)^```/m.exec(readme) ?? [];
  assert.ok(text.includes("new mesos.LocalPlatform()"), "the README begins with a program");
  return text.replace("LocalPlatform()", `LocalPlatform({ network: "127.${octet}.0.0/16" })`);
}

/** An app that names no provider. */
const unprovided = `
new mesos.marathon.App("unprovided", { cmd: "exec sleep 1000", cpus: 0.1, mem: 32 });
`;

describe("the packages as installed from their tarballs", function () {
  this.timeout(1_200_000);
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-packed-"));
  const project = path.join(directory, "project");
  const programs = (process.env.PATH ?? "").split(path.delimiter);
  const env = {
    ...process.env,
    // Nothing shall be found in the repository.
    PATH: programs.filter((folder) => !folder.startsWith(repository)).join(path.delimiter),
    PULUMI_BACKEND_URL: `file://${directory}/backend?metadata=skip`,
    PULUMI_HOME: path.join(directory, "home"),
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    XDG_STATE_HOME: path.join(directory, "xdg"),
  };

  async function ok(command: string, ...args: string[]): Promise<string> {
    const outcome = await run(command, args, { cwd: project, env, timeoutMs: 600_000 });
    assert.equal(outcome.code, 0, `${command} ${args.join(" ")}\n${outcome.output}`);
    return outcome.output;
  }

  before(async () => {
    mkdirSync(project);
    mkdirSync(path.join(directory, "backend"));
    for (const dir of readdirSync(path.join(repository, "packages"))) {
      await ok(
        "npm",
        "pack",
        "--silent",
        "--pack-destination",
        directory,
        path.join(repository, "packages", dir),
      );
    }
    const tarballs = readdirSync(directory).filter((file) => file.endsWith(".tgz"));
    const files: Record<string, string> = {
      "package.json": JSON.stringify({ name: "project", private: true, main: "index.ts" }),
      "Pulumi.yaml":
        "name: project\nruntime: nodejs\nplugins:\n  providers:\n    - name: mesos\n      path: node_modules/.bin\n",
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          strict: true,
          target: "es2022",
          module: "node16",
          moduleResolution: "node16",
          skipLibCheck: true,
        },
        files: ["index.ts"],
      }),
      "index.ts": readmeProgram(),
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(project, file), text);
    await ok(
      "npm",
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      ...tarballs.map((file) => path.join(directory, file)),
      "@pulumi/pulumi@3.245.0",
      "typescript@~5.9.3",
      "ts-node@^10.9.2",
      "@types/node@^20.19.0",
    );
    await ok("pulumi", "stack", "init", "dev");
    const config = { agents: "2", masters: "3", zookeepers: "3" };
    for (const [key, value] of Object.entries(config)) await ok("pulumi", "config", "set", key, value);
    await ok("pulumi", "config", "set", "--secret", "clusterSecret", "a-secret-of-thirty-two-characters");
    await ok("pulumi", "config", "set", "--path", "pulumi:disable-default-providers[0]", "*");
  });

  after(async () => {
    await run("pulumi", ["destroy", "--yes", "--skip-preview"], { cwd: project, env });
    killAll(processesWith(directory));
    rmSync(directory, { recursive: true, force: true });
  });

  it("bring up the README's program, with default providers disabled, and take it down", async () => {
    await ok("pulumi", "up", "--yes", "--skip-preview");
    assert.equal((await ok("pulumi", "stack", "output", "url")).trim(), view.edgeUrl);
    await eventually(hangMs, async () => {
      const answer = await request(`${view.edgeUrl}/`);
      assert.equal(answer.status, 200);
      assert.match(answer.body, /nginx/);
    });
    const running = processesWith(path.join(directory, "xdg")).map((p) => p.argv.join(" "));
    for (const name of ["mesos-master", "mesos-agent", "marathon", "mesos-edge", "mesos-agent-groups"]) {
      const installed = running.filter((line) => line.includes(`/${name} `));
      assert.ok(installed.length > 0, `${name} runs`);
      assert.deepEqual(
        installed.filter((line) => !line.includes(`${project}/node_modules/`)),
        [],
      );
    }
    assert.deepEqual(
      running.filter((line) => line.includes(repository)),
      [],
    );
    await ok("pulumi", "up", "--yes", "--skip-preview", "--expect-no-changes");
    const index = path.join(project, "index.ts");
    writeFileSync(index, `${readmeProgram()}${unprovided}`);
    const refused = await run("pulumi", ["preview"], { cwd: project, env });
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /Default provider for 'mesos' disabled/);
    writeFileSync(index, readmeProgram());
    await ok("pulumi", "destroy", "--yes", "--skip-preview");
    const left = processesWith(path.join(directory, "xdg")).map((p) => p.argv.join(" "));
    assert.deepEqual(left, []);
    assert.deepEqual(listenersIn(octet), []);
    for (const folder of ["processes", "volumes"]) {
      const state = path.join(directory, "xdg/pulumi-mesos/project/dev", folder);
      assert.deepEqual(existsSync(state) ? readdirSync(state) : [], []);
    }
  });

  it("hold no tests and nothing that was not built", async () => {
    for (const dir of readdirSync(path.join(repository, "packages"))) {
      const output = await ok("npm", "pack", "--dry-run", "--json", path.join(repository, "packages", dir));
      const [{ files }] = JSON.parse(output.slice(output.indexOf("["))) as [{ files: { path: string }[] }];
      assert.ok(
        files.some((f) => f.path === "dist/index.js"),
        dir,
      );
      assert.deepEqual(
        files.map((f) => f.path).filter((f) => /\.test\.|^src\//.test(f)),
        [],
      );
    }
  });
});
