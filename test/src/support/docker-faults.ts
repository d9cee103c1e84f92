// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { probeMember } from "@pulumi-mesos/client";
import {
  containerName,
  containerNetwork,
  memberLabel,
  type StackName,
  stackLabels,
} from "@pulumi-mesos/model";
import type { DockerHost } from "./docker-host";
import { eventually, hangMs } from "./eventually";
import { repository } from "./repository";
import { TestStack } from "./test-stack";

/** A stack on Docker whose program may be written anew, and of which nothing is there yet. */
export interface FaultyStack {
  readonly host: DockerHost;
  readonly owner: StackName;
  readonly stack: TestStack;
  /** Address of the first server of `demo-zookeeper`. */
  readonly zookeeper: string;
  /** Where that server's port is published. */
  readonly port: number;
  write(program: string): void;
}

const member = "demo-zookeeper-1";

/** One ZooKeeper server on a platform of these arguments. */
function alone(more = ""): string {
  return `import * as docker from "@pulumi/docker";
import { DockerPlatform, simulator } from "@pulumi-mesos/docker";
import * as mesos from "pulumi-mesos";
const platform = new DockerPlatform({ reach: "published"${more} });
new mesos.ZooKeeper("demo-zookeeper", { platform, size: 1 });
`;
}

const neighbourProgram = `
const mesos = require("pulumi-mesos");
const { DockerPlatform } = require("@pulumi-mesos/docker");
new mesos.ZooKeeper("demo-zookeeper", { platform: new DockerPlatform(), size: 1 });
`;

/** What goes wrong on a Docker host, one after the other on one stack, which is gone at the end. */
export function dockerFaults(given: () => FaultyStack): void {
  async function fails(words: RegExp): Promise<void> {
    const { code, output } = await given().stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(code, 0, output);
    assert.match(output, words);
  }

  async function serves(): Promise<void> {
    const at = { name: member, host: given().zookeeper, port: 2181 };
    assert.ok((await probeMember("zookeeper", at, AbortSignal.timeout(hangMs))).joined);
  }

  /** As an engine leaves the state that is killed before it hears that the container is there. */
  async function forgetContainer(): Promise<void> {
    const { stack } = given();
    const [container] = (await stack.resources()).filter(({ type }) => /^docker:.*:Container$/.test(type));
    assert.ok(container);
    await stack.ok("state", "delete", container.urn, "--target-dependents", "--yes");
  }

  it("names the member whose volume is full and what could not be written, and goes on once there is room", async () => {
    const { host, owner, stack, write } = given();
    const volume = containerName(owner, member);
    const filler = "fills-a-volume";
    const labels = Object.entries({ ...stackLabels(owner), [memberLabel]: member });
    const small = ["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=128m"];
    await host.docker(
      ...["volume", "create", ...small, ...labels.flatMap(([k, v]) => ["--label", `${k}=${v}`]), volume],
    );
    const images = ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "pulumi-mesos/zookeeper"];
    const [image = ""] = await host.docker(...images);
    try {
      await host.docker(
        ...["run", "--detach", "--name", filler, "--volume", `${volume}:/full`, "--entrypoint", "sleep"],
        ...[image, "infinity"],
      );
      await host.docker(
        ...["exec", filler, "sh", "-c"],
        'head -c 200M /dev/zero > /full/filler || test "$(df --output=avail /full | tail -n 1)" -eq 0',
      );
      write(alone());
      await fails(
        /^.*Container::demo-zookeeper-1: .*\n.*write \/var\/lib\/pulumi-mesos\/.*: no space left on device$/m,
      );
    } finally {
      // What it has filled is freed with it.
      await host.docker("rm", "--force", filler);
    }
    await stack.up();
    await serves();
    await stack.unchanged();
    await stack.ok("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await host.everythingOf(owner), []);
  });

  it("says in one line that dockerd is away, an image missing or a port taken, and goes on once it is there and free", async () => {
    const { stack, port, write } = given();
    write(alone(', provider: new docker.Provider("nowhere", { host: "unix:///nowhere/docker.sock" })'));
    await fails(/^.*error: .*\/nowhere\/docker\.sock.*$/m);
    write(
      alone(', distribution: { ...simulator, zookeeper: { image: "127.133.0.1:1/missing:1", command: [] } }'),
    );
    await fails(/^.*error: .*127\.133\.0\.1:1\/missing:1.*$/m);
    write(alone());
    const holder = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
    await once(holder, "listening");
    try {
      await fails(
        new RegExp(`^.*error: .*127\\.0\\.0\\.1:${port}.* (already in use|already allocated).*$`, "m"),
      );
    } finally {
      holder.close();
      await once(holder, "close");
    }
    await stack.up("--refresh");
    await serves();
    await stack.unchanged();
  });

  it("has another stack beside it on the host, whose end it does not notice", async () => {
    const { host, owner, stack } = given();
    const other = { ...owner, stack: "other" };
    const before = await host.everythingOf(owner);
    const neighbour = await TestStack.create({
      ...{ name: other.stack, plugins: { docker: host.plugin }, env: host.env },
      program: { source: neighbourProgram },
    });
    try {
      await neighbour.up();
      const container = containerName(other, member);
      const name = host.docker(
        "inspect",
        "--format",
        '{{index .Config.Labels "pulumi-mesos.stack"}}',
        container,
      );
      assert.deepEqual(await name, ["other"]);
      await serves();
      await stack.unchanged();
      await neighbour.ok("destroy", "--yes", "--skip-preview");
    } finally {
      await neighbour.close();
    }
    assert.deepEqual(await host.everythingOf(other), []);
    assert.deepEqual(await host.everythingOf(owner), before);
    await serves();
  });

  it("names the container that a killed engine left behind, and makes it and the network anew once somebody has removed both", async () => {
    const { host, owner, stack } = given();
    const name = containerName(owner, member);
    const ids = (): Promise<string[]> => host.docker("inspect", "--format", "{{.Id}}", name);
    const left = await ids();
    await forgetContainer();
    await fails(new RegExp(`^.*error: .*"/${name}" is already in use by container.*$`, "m"));
    assert.deepEqual(await ids(), left);
    await host.docker("rm", "--force", name);
    await host.docker("network", "rm", containerNetwork(owner));
    await stack.up("--refresh");
    await serves();
    await stack.unchanged();
  });

  it("is destroyed with what nothing knows by the README's commands, and leaves nothing", async () => {
    const { host, owner, stack } = given();
    await forgetContainer();
    const { code, output } = await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
    assert.notEqual(code, 0, output);
    assert.match(output, /^.*error: .*(active endpoints|in_use).*$/m);
    await host.shell(whatIsLeft());
    await stack.ok("destroy", "--yes", "--skip-preview", "--refresh");
    assert.deepEqual(await host.everythingOf(owner), []);
    assert.deepEqual(await stack.resources(), []);
  });
}

/** Three ZooKeeper servers, whose Ready waits so long. */
function three(more = ""): string {
  return alone(more).replace("size: 1", 'size: 3, timeouts: { create: "30s", update: "30s" }');
}

/** What a rolling change on Docker leaves when it is interrupted, or fails at its first member. */
export function dockerRolls(given: () => FaultyStack): void {
  const members = [1, 2, 3].map((n) => `demo-zookeeper-${n}`);
  const ids = (): Promise<string[]> =>
    given().host.docker(
      ...["inspect", "--format", "{{.Id}}"],
      ...members.map((name) => containerName(given().owner, name)),
    );
  /** The members whose containers are others now. */
  async function changedSince(before: readonly string[]): Promise<string[]> {
    const now = await ids();
    assert.equal(now.length, 3);
    return members.filter((_, i) => now[i] !== before[i]);
  }

  it("stops a version that never becomes ready at the first member, also after Ctrl-C, and going back changes no other", async () => {
    const { host, owner, stack, write } = given();
    write(three());
    await stack.up();
    const before = await ids();
    // It runs, and never answers.
    const asleep = '{ image: simulator.zookeeper.image, command: ["sh", "-c", "exec sleep 100000"] }';
    write(three(`, distribution: { ...simulator, zookeeper: ${asleep} }`));
    let engine = 0;
    const interrupted = stack.pulumi(["up", "--yes", "--skip-preview"], {
      started: ({ pid }) => {
        engine = pid;
      },
    });
    await eventually(hangMs, async () => assert.equal((await changedSince(before)).length, 1));
    process.kill(engine, "SIGINT");
    const { code, output } = await interrupted;
    assert.notEqual(code, 0, output);
    const [first = ""] = await changedSince(before);
    const failed = await stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(failed.code, 0, failed.output);
    assert.match(
      failed.output,
      new RegExp(
        `^.*error: ${first} is not ready after .*: .*${first} is down .*pulumi-mesos logs ${first};`,
        "m",
      ),
    );
    assert.deepEqual(await changedSince(before), [first], "the others were not touched");
    const broken = await ids();
    write(three());
    await stack.up();
    assert.deepEqual(await changedSince(broken), [first]);
    await stack.unchanged();
    await stack.ok("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await host.everythingOf(owner), []);
  });
}

/** The commands of DockerPlatform's README that end what a stack has left. */
function whatIsLeft(): string {
  const readme = readFileSync(path.join(repository, "packages/docker/README.md"), "utf8");
  const [commands] = [...readme.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, text = ""]) =>
    text.includes("xargs") ? [text] : [],
  );
  assert.ok(commands !== undefined, "the README has them");
  return commands;
}
