// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connectDocker } from "@pulumi-mesos/client";
import {
  containerName,
  containerNetwork,
  type DockerPoolBackend,
  memberLabel,
  type PoolTemplate,
  poolLabel,
  stackLabels,
  taskLabels,
  templateLabel,
} from "@pulumi-mesos/model";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { type Clock, systemClock } from "../clock";
import { type BackendUnderTest, backendContract } from "./backend-contract.test.support";
import { dockerBackend, plainText } from "./docker";
import { memberContainer } from "./docker-container";

const stack = { project: "groups", stack: `test${process.pid}` };
const image = "pulumi-mesos-tests/members:1";
const applied = {
  template: {
    image,
    command: ["/bin/busybox", "sleep", "1000"],
    env: { GREETING: "it's {name} at {address}" },
    files: [{ path: "greeting", content: "hello {name}\n" }],
    memoryMiB: 64,
    cpus: 0.5,
  } satisfies PoolTemplate,
  backend: {
    kind: "docker",
    network: "10.253.9.0/24",
    taskPorts: [31000, 32000],
  } satisfies DockerPoolBackend,
};

const volume = "/var/lib/docker/volumes/web/_data";

describe("a member's container", () => {
  it("is the template with its own name, address, volume, labels, limits and files, and no environment", () => {
    const template: PoolTemplate = {
      ...applied.template,
      command: ["mesos-agent", "--ip={address}", "--resources=ports:[{ports}]", "--work_dir={data}"],
      ready: { http: "http://{address}:5051/health" },
      stop: { signal: "SIGTERM", graceSeconds: 7 },
    };
    const { options, files, ready } = memberContainer(stack, "web", 3, template, applied.backend, volume);
    const name = containerName(stack, "web-3");
    assert.equal(options.name, name);
    assert.equal(options.Env, undefined);
    assert.deepEqual(options.Cmd, [
      "mesos-agent",
      "--ip=10.253.9.3",
      "--resources=ports:[31000-32000]",
      "--work_dir=/var/lib/pulumi-mesos",
    ]);
    assert.deepEqual(ready, { http: "http://10.253.9.3:5051/health" });
    assert.match(String(options.Healthcheck?.Test?.at(-1)), /\/dev\/tcp\/10\.253\.9\.3\/5051/);
    const { [templateLabel]: digest, ...labels } = options.Labels ?? {};
    assert.deepEqual(labels, { ...stackLabels(stack), [memberLabel]: "web-3", [poolLabel]: "web" });
    assert.match(digest ?? "", /^\w+$/);
    const { HostConfig } = options;
    assert.deepEqual(HostConfig?.Binds, [`${name}:/var/lib/pulumi-mesos`]);
    assert.deepEqual(HostConfig?.RestartPolicy, { Name: "always" });
    assert.deepEqual(
      [HostConfig?.Memory, HostConfig?.CpuQuota, HostConfig?.CpuPeriod],
      [64 << 20, 50_000, 100_000],
    );
    assert.deepEqual(options.NetworkingConfig?.EndpointsConfig?.[containerNetwork(stack)], {
      IPAMConfig: { IPv4Address: "10.253.9.3" },
      Aliases: ["web-3"],
    });
    assert.deepEqual(
      files.slice(1).map(({ path, content, mode }) => [path, content.split("\n").at(-2), mode.toString(8)]),
      [
        ["/etc/pulumi-mesos/.environment", "GREETING='it'\\''s web-3 at 10.253.9.3'", "400"],
        ["/etc/pulumi-mesos/greeting", "hello web-3", "400"],
      ],
    );
  });

  it("has dockerd's socket, and its data where the Docker host has it, when it starts containers itself", () => {
    const template: PoolTemplate = { ...applied.template, command: ["mesos-agent", "--work_dir={data}"] };
    const backend = { ...applied.backend, socket: "/run/docker/d.sock" };
    const { options } = memberContainer(stack, "web", 3, template, backend, volume);
    assert.deepEqual(options.Cmd, ["mesos-agent", `--work_dir=${volume}`]);
    assert.deepEqual(options.HostConfig?.Binds, [
      `${containerName(stack, "web-3")}:${volume}`,
      "/run/docker/d.sock:/var/run/docker.sock",
    ]);
  });

  it("has another digest when the template changes", () => {
    const digestOf = (template: PoolTemplate): string | undefined =>
      memberContainer(stack, "web", 1, template, applied.backend, volume).options.Labels?.[templateLabel];
    assert.equal(digestOf(applied.template), digestOf({ ...applied.template }));
    assert.notEqual(digestOf(applied.template), digestOf({ ...applied.template, cpus: 1 }));
  });
});

describe("plainText", () => {
  it("puts the pieces of a container's output together", () => {
    const frame = (text: string): Buffer => {
      const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(Buffer.byteLength(text), 4);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    assert.equal(plainText(Buffer.concat([frame("one\n"), frame("zwölf\n")])), "one\nzwölf");
  });
});

describe("the docker backend", function () {
  this.timeout(240_000);
  let docker: Docker | undefined;
  let network: Docker.Network | undefined;
  let test: BackendUnderTest | undefined;

  before(async function () {
    const socket = process.env["TEST_DOCKER_SOCKET"];
    const busybox = (process.env["PATH"] ?? "")
      .split(":")
      .map((f) => join(f, "busybox"))
      .find(existsSync);
    const missing =
      socket === undefined
        ? (process.env["TEST_DOCKER_MISSING"] ?? "only npm test starts a dockerd")
        : busybox === undefined && "no busybox for an image";
    if (socket === undefined || busybox === undefined) {
      for (const suite of this.test?.parent?.suites ?? [])
        suite.title += ` (not on this machine: ${missing})`;
      for (const each of this.test?.parent?.tests ?? []) each.title += ` (not on this machine: ${missing})`;
      return;
    }
    docker = connectDocker(`unix://${socket}`);
    await importBusybox(docker, busybox);
    network = await docker.createNetwork({
      Name: containerNetwork(stack),
      IPAM: { Config: [{ Subnet: "10.253.0.0/16", Gateway: "10.253.0.1" }] },
    });
    test = dockerUnderTest(docker);
  });
  after(async () => {
    await network?.remove();
    await docker?.getImage(image).remove({ force: true });
  });

  describe("as every backend", () => backendContract(() => test));

  describe("of its own", () => {
    let signal: AbortSignal;
    // From its own beginning, however long the tests before it take.
    beforeEach(() => {
      signal = AbortSignal.timeout(240_000);
    });
    beforeEach(function () {
      if (test === undefined) this.skip();
    });
    afterEach(async () => {
      for (const { name } of (await test?.backend.members("web")) ?? [])
        await test?.backend.terminate(name, signal);
    });
    const dockerd = (): Docker => docker ?? assert.fail("there is no dockerd");
    const container = (): Docker.Container => dockerd().getContainer(containerName(stack, "web-1"));
    const inspected = (): Promise<Docker.ContainerInspectInfo> => container().inspect();

    it("hands environment and files over without showing them in the container's description", async () => {
      const command = [
        "/bin/busybox",
        "sh",
        "-c",
        'echo "$GREETING"; cat /etc/pulumi-mesos/greeting; exec sleep 1000',
      ];
      const ready = { http: "http://{address}:1/", timeoutSeconds: 1 };
      const template = { ...applied.template, command, ready };
      const said = "it's web-1 at 10.253.9.1\nhello web-1";
      let now = 0;
      // Its second is over once it has said everything, however long this machine takes for that.
      const clock: Clock = {
        ...systemClock,
        now: () => now,
        pause: async (ms, wake) => {
          await systemClock.pause(ms, wake);
          if (plainText(await container().logs({ stdout: true, stderr: true })) === said) now += 1000;
        },
      };
      await assert.rejects(
        dockerBackend(dockerd(), stack, clock).start("web", 1, { ...applied, template }, signal),
        new RegExp(
          `web-1: waited in vain for http://10\\.253\\.9\\.1:1/: .*the last lines of its log:\n${said}$`,
          "s",
        ),
      );
      assert.doesNotMatch(JSON.stringify(await inspected()), /hello|it's/);
    });

    it("ends a member that somebody else is removing", async () => {
      for (let attempt = 0; attempt < 3; attempt++) {
        await test?.backend.start("web", 1, applied, signal);
        const removed = container().remove({ force: true });
        await Promise.all([removed, test?.backend.terminate("web-1", signal)]);
        assert.deepEqual(await test?.left(), []);
      }
    });

    it("has a member's data where the Docker host has it, when it starts containers itself", async () => {
      const command = ["/bin/busybox", "sh", "-c", "echo kept > {data}/file; exec sleep 1000"];
      const template = { ...applied.template, command };
      const backend = { ...applied.backend, socket: process.env["TEST_DOCKER_SOCKET"] ?? "" };
      await test?.backend.start("web", 1, { template, backend }, signal);
      const { Mounts } = await inspected();
      const [data, socket] = [...Mounts].sort((a, b) => (a.Type < b.Type ? 1 : -1));
      assert.deepEqual([data?.Destination, socket?.Destination], [data?.Source, "/var/run/docker.sock"]);
    });

    it("ends with a member the containers of its tasks that are left, and nobody else's", async () => {
      const made = await Promise.all(
        ["web-1", "web-2"].map(async (member) => {
          const Labels = taskLabels({ ...stackLabels(stack), [memberLabel]: member });
          const options = { Image: image, Cmd: ["/bin/busybox", "sleep", "1000"], Labels };
          const task = await docker?.createContainer({ ...options, name: `${stack.stack}-${member}-task` });
          await task?.start();
          return task;
        }),
      );
      await test?.backend.start("web", 1, applied, signal);
      await test?.backend.terminate("web-1", signal);
      assert.deepEqual(await test?.left(), [`/${stack.stack}-web-2-task`]);
      await made[1]?.remove({ force: true });
    });

    it("makes a member anew whose template changed or that was created but never started, and keeps its data", async () => {
      await test?.backend.start("web", 1, applied, signal);
      const before = await inspected();
      const template = { ...applied.template, cpus: 1 };
      await test?.backend.start("web", 1, { ...applied, template }, signal);
      const after = await inspected();
      assert.notEqual(after.Id, before.Id);
      assert.equal(after.HostConfig.CpuQuota, 100_000);
      assert.equal(after.Mounts[0]?.Name, before.Mounts[0]?.Name);
      await docker?.getContainer(after.Id).remove({ force: true });
      const { options } = memberContainer(stack, "web", 1, template, applied.backend, volume);
      const created = await docker?.createContainer(options);
      await test?.backend.start("web", 1, { ...applied, template }, signal);
      assert.notEqual((await inspected()).Id, created?.id);
      assert.equal((await inspected()).State.Running, true);
    });
  });
});

function dockerUnderTest(docker: Docker): BackendUnderTest {
  const containerOf = (name: string): Docker.Container => docker.getContainer(containerName(stack, name));
  // Each look comes so long after the last that notices are asked for again.
  let now = systemClock.now();
  const clock: Clock = { ...systemClock, now: () => (now += 2000) };
  const ofStack = { label: Object.entries(stackLabels(stack)).map(([key, value]) => `${key}=${value}`) };
  return {
    backend: dockerBackend(docker, stack, clock),
    applied,
    lifeOf: async (name) => {
      const { Id, State } = await containerOf(name).inspect();
      return `${Id} ${State.StartedAt}`;
    },
    kill: (name) => containerOf(name).kill(),
    say: async (name, notice) => {
      const archive = pack();
      archive.entry({ name: "notice" }, notice);
      archive.finalize();
      await containerOf(name).putArchive(archive, { path: "/var/lib/pulumi-mesos" });
    },
    beginStart: async (pool, name) => {
      const Labels = { ...stackLabels(stack), [memberLabel]: name, [poolLabel]: pool };
      await docker.createVolume({ Name: containerName(stack, name), Labels });
    },
    left: async () => {
      const containers = await docker.listContainers({ all: true, filters: ofStack });
      const { Volumes } = await docker.listVolumes({ filters: ofStack });
      return [...containers.map(({ Names }) => Names.join()), ...Volumes.map(({ Name }) => Name)];
    },
  };
}

/** An image that needs no registry. */
async function importBusybox(docker: Docker, busybox: string): Promise<void> {
  const archive = pack();
  archive.entry({ name: "bin/busybox", mode: 0o755 }, readFileSync(busybox));
  for (const applet of ["sh", "cat", "sleep"])
    archive.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  archive.finalize();
  const [repo, tag] = image.split(":");
  const stream = await docker.importImage(archive, { repo, tag });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
}
