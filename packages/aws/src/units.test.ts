// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type NodeProgram, userData } from "./user-data";

interface WrittenFile {
  readonly path: string;
  readonly content: string;
  readonly permissions?: string;
}

const hostUnits = "/usr/lib/systemd/system";
const program: NodeProgram = {
  ...{
    member: "demo-web",
    region: "eu-central-1",
    image: "pulumi-mesos/mesos-agent:0.1.0",
    words: ["mesos-agent"],
  },
  ...{ files: [], stop: { signal: "SIGTERM", graceSeconds: 10 }, packages: ["docker"] },
};

describe("the units of a machine", function () {
  this.timeout(60_000);
  let root = "";

  before(function () {
    const isThere = spawnSync("systemd-analyze", ["--version"]).status === 0 && existsSync(hostUnits);
    if (isThere) return;
    for (const test of this.test?.parent?.tests ?? [])
      test.title += " (not on this machine: no systemd-analyze)";
    this.skip();
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "units-test-"));
    cpSync(hostUnits, join(root, hostUnits), { recursive: true, verbatimSymlinks: true });
    // What the operating system's package of docker brings.
    lay({ path: "/etc/systemd/system/docker.service", content: "[Service]\nExecStart=/usr/bin/docker\n" });
    lay({ path: "/usr/bin/docker", content: "#!/bin/sh\n", permissions: "0755" });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Puts a file where cloud-init would, on a machine whose disk is `root`. */
  function lay({ path, content, permissions = "0644" }: WrittenFile): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: Number.parseInt(permissions, 8) });
  }

  /** What systemd says against the units; nothing when it would run them as they are. */
  function verify(own: Partial<NodeProgram>, change = (text: string) => text): string {
    const text = userData({ ...program, ...own });
    const { write_files: files, runcmd } = JSON.parse(text.slice("#cloud-config\n".length)) as {
      readonly write_files: readonly WrittenFile[];
      readonly runcmd: readonly (readonly string[])[];
    };
    for (const file of files) if (file.path !== "/etc/fstab") lay({ ...file, content: change(file.content) });
    const units = runcmd.flatMap((words) => words.filter((word) => /^pulumi-mesos.*\.service$/.test(word)));
    assert.ok(units.length > 0);
    const args = ["verify", "--man=no", `--root=${root}`, ...units];
    const { status, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
    return status === 0 ? stderr : `${status}: ${stderr}`;
  }

  it("are taken by systemd without a word, of a member with data and of an agent that watches its end", () => {
    assert.equal(verify({ volumeId: "vol-0123456789abcdef0" }), "");
    assert.equal(verify({ placedAtBoot: true, makesContainers: true, group: "p-s-demo-web" }), "");
  });

  it("fails where a line is none, or a program is not there", () => {
    assert.match(
      verify({}, (text) => text.replace("RestartSec=", "RestartSeconds=")),
      /RestartSeconds/,
    );
    const elsewhere = (text: string): string => text.replace("ExecStart=/opt/", "ExecStart=/nowhere/");
    assert.match(verify({ group: "g" }, elsewhere), /\/nowhere\//);
  });
});

describe("the user data of a machine", function () {
  this.timeout(60_000);
  const cloudInit = process.env["TEST_CLOUD_INIT"];
  let directory = "";

  before(function () {
    if (cloudInit !== undefined) return;
    for (const test of this.test?.parent?.tests ?? []) test.title += " (not on this machine: no cloud-init)";
    this.skip();
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "user-data-test-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** What cloud-init's own schema says against a text. */
  function complaints(text: string): string {
    const file = join(directory, "user-data");
    writeFileSync(file, text);
    const args = ["schema", "--config-file", file];
    const { status, stdout, stderr, error } = spawnSync(cloudInit ?? "", args, { encoding: "utf8" });
    if (error !== undefined) throw error;
    return status === 0 && stdout.startsWith("Valid") ? "" : `${status}: ${stdout}${stderr}`;
  }

  it("is taken by cloud-init's schema, of a member with data and of an agent that watches its end", () => {
    const file = { path: "/etc/pulumi-mesos/a.conf", content: "a: 'ä'\n", mode: "0640" };
    const member = { ...program, volumeId: "vol-0123456789abcdef0", files: [file] };
    assert.equal(complaints(userData(member)), "");
    const agent = { ...program, placedAtBoot: true, makesContainers: true, group: "p-s-demo-web" };
    assert.equal(complaints(userData(agent)), "");
    const aptMirror = {
      primary: "http://mirror.internal/debian",
      security: "http://mirror.internal/security",
    };
    assert.equal(
      complaints(userData({ ...program, packages: ["docker.io=20.10.24+dfsg1-1"], aptMirror })),
      "",
    );
  });

  it("fails where a key is none of cloud-init's", () => {
    const wrong = userData(program).replaceAll('"permissions"', '"permission"');
    assert.match(complaints(wrong), /'permission' was unexpected/);
  });
});
