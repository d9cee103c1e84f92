// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { agentService, marathonService, masterService, packageVersion } from "@pulumi-mesos/model";
import { InvalidArgsError, type NodeService } from "pulumi-mesos";
import { containerArgs } from "./container-args";
import { apache, clusterd, type DockerDistribution, simulator } from "./distribution";
import { besideItsTasks, poolTemplate } from "./pool-template";

const marathon = "mesosphere/marathon:v1.11.24";
const image = "registry.example:5000/mesos:1.11.0";

function nodeOf(distribution: DockerDistribution, service: NodeService) {
  const program = distribution[service.software];
  assert.ok(program);
  const stack = { project: "project", stack: "stack" };
  return containerArgs({ stack, member: "m-1", address: "10.77.1.1", service, program, network: "n" });
}

const masters = masterService({ zk: "zk://10.77.2.1:2181/mesos", size: 3, cluster: "demo", flags: {} });
const marathons = marathonService({ master: "zk://z/mesos", zk: "zk://z/marathon", flags: {} });
const agents = agentService({
  master: "zk://10.77.2.1:2181/mesos",
  resources: { cpus: 2, mem: 1024 },
  attributes: {},
  flags: { switch_user: true },
});
const agentOf = (distribution: DockerDistribution) => poolTemplate(agents, distribution["mesos-agent"]);

describe("the distribution of the user's own Mesos", () => {
  it("runs masters with the simulator's flags, and never with the image's own, which may keep the registry in memory", () => {
    const { image: from, command, entrypoints } = nodeOf(apache({ image, marathon }), masters);
    assert.equal(from, image);
    assert.deepEqual(command, nodeOf(simulator, masters).command);
    assert.deepEqual(entrypoints, ["/bin/sh", "/etc/pulumi-mesos/.start"]);
    assert.deepEqual(
      (command as string[]).filter((argument) => argument.startsWith("--registry")),
      ["--registry=replicated_log"],
    );
    assert.equal((command as string[])[0], "mesos-master");
  });

  it("tells agents that they are containers beside others of one dockerd, by variables that a flag of the program's beats", () => {
    const { command, env } = agentOf(apache({ image, marathon }));
    assert.deepEqual(command, agentOf(simulator).command);
    assert.deepEqual(env, {
      MESOS_DOCKER_KILL_ORPHANS: "false",
      MESOS_DOCKER_MESOS_IMAGE: image,
      MESOS_EXECUTOR_REGISTRATION_TIMEOUT: "10mins",
      MESOS_LAUNCHER: "posix",
      MESOS_SWITCH_USER: "false",
      MESOS_SYSTEMD_ENABLE_SUPPORT: "false",
    });
    assert.ok(command.includes("--switch_user"));
  });

  it("runs executors in the agent's container where they need its key, which no other container has", () => {
    const secure = agentService({
      master: "zk://z/mesos",
      resources: { cpus: 2, mem: 1024 },
      attributes: {},
      flags: {},
      tls: true,
    });
    for (const program of [apache({ image, marathon }), clusterd({ marathon })].map(
      (of) => of["mesos-agent"],
    )) {
      const { env } = poolTemplate(secure, besideItsTasks(program));
      assert.equal(env?.["MESOS_DOCKER_MESOS_IMAGE"], undefined);
      assert.equal(env?.["LIBPROCESS_SSL_KEY_FILE"], "{conf}/tls/key.pem");
      assert.equal(
        poolTemplate(agents, besideItsTasks(program)).env?.["MESOS_DOCKER_MESOS_IMAGE"],
        program.image,
      );
    }
  });

  it("tells masters where to call Marathon back, and lets it read what only root may", async () => {
    const node = nodeOf(apache({ image, marathon }), marathons);
    assert.deepEqual([node.image, node.user], [marathon, "root"]);
    assert.equal((node.command as string[])[0], "/marathon/bin/marathon");
    const uploads = node.uploads as { file: string; content: import("@pulumi/pulumi").Output<string> }[];
    const environment = uploads.find(({ file }) => file.endsWith("/.environment"));
    const text = await new Promise<string>((resolve) => environment?.content.apply(resolve));
    assert.match(text, /^LIBPROCESS_IP='10\.77\.1\.1'\nLIBPROCESS_PORT='8081'$/m);
  });

  it("leaves ZooKeeper, the edge and the controller to the images of this project", () => {
    const own = apache({ image, marathon });
    for (const name of ["zookeeper", "edge", "groups"] as const) assert.equal(own[name], simulator[name]);
  });

  it("takes 1.9 and later, by the image's tag or by name", () => {
    for (const tag of ["1.9", "1.9.0", "v1.10.2", "1.11.0-ubuntu", "2.0"])
      apache({ image: `mesos:${tag}`, marathon });
    apache({ image: "mesos@sha256:abc", version: "1.11.0", marathon });
  });

  const refused = (images: Partial<Parameters<typeof apache>[0]>, message: RegExp): void =>
    assert.throws(
      () => apache({ image, marathon, ...images }),
      (error) => error instanceof InvalidArgsError && message.test(error.message),
    );

  it("fails by name with what cannot drain agents", () => {
    const old = "mesosphere/mesos-master:1.7.1";
    refused(
      { image: old },
      /image: must have Mesos 1\.9 .*drained, got "mesosphere\/mesos-master:1\.7\.1" with 1\.7\.1/,
    );
    refused({ version: "1.8.1" }, /image: must have Mesos 1\.9 .* with 1\.8\.1/);
    refused({ version: "newest" }, /image: must have Mesos 1\.9 .* with newest/);
  });

  it("fails where nobody says which version an image has", () => {
    for (const unnamed of ["mesos", "mesos:latest", "registry.example:1.11/mesos"])
      refused({ image: unnamed }, /version: is missing, .*apache\(\{ version: "1\.11\.0"/);
  });
});

describe("ClusterD", () => {
  it("runs with Apache's flags from the image that images/clusterd makes", () => {
    const own = clusterd({ marathon });
    const made = `pulumi-mesos/clusterd:${packageVersion}`;
    assert.equal(own["mesos-master"].image, made);
    assert.deepEqual(agentOf(own), agentOf(apache({ image: made, version: "1.11.0", marathon })));
    assert.equal(clusterd({ marathon, image: "mine" })["mesos-agent"].image, "mine");
  });

  it("has no package by default: its Dockerfile is told one, and its checksum", () => {
    const file = path.join(__dirname, "../../../images/clusterd/Dockerfile");
    const text = readFileSync(file, "utf8");
    for (const name of ["DEB_URL", "DEB_SHA256"]) {
      assert.match(text, new RegExp(`^ARG ${name}$`, "m"));
      assert.ok(text.includes(`"\${${name}:?`), `a build without ${name} ends at once`);
    }
  });
});
