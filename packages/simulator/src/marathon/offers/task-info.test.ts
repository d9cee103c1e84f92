// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { agent, FakeMaster } from "../testing/fake-master";
import { TestMarathon } from "../testing/test-marathon";

const app = { id: "/a/b", cmd: "sleep 100", cpus: 0.1, mem: 16 };
const features = new Set(["secrets", "gpu_resources", "external_volumes"]);
const gpus = { name: "gpus", type: "SCALAR", scalar: { value: 2 } };
const secrets = { s: { source: "path/of/s" } };
const reference = { type: "REFERENCE", reference: { name: "path/of/s" } };

/** SPEC-marathon.md, "Tasks": what an app becomes in Mesos's own words. */
describe("marathon: the TaskInfo of an app", function () {
  this.timeout(60_000);
  let master: FakeMaster;
  let marathon: TestMarathon;

  beforeEach(async () => {
    master = await FakeMaster.start([agent(1, { resources: [gpus] })]);
    const options = { features, networkName: "net", offerRules: { gpus: "unrestricted" } as const };
    marathon = await TestMarathon.start({ master, options });
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  // biome-ignore lint/suspicious/noExplicitAny: tests read messages of every shape
  async function launch(more: object): Promise<{ info: any; answer: any }> {
    const answer = await marathon.call("POST", "/v2/apps", { ...app, ...more });
    assert.equal(answer.status, 201, answer.text);
    await marathon.deployed(answer);
    return { info: [...master.tasks.values()][0]?.info, answer: answer.body };
  }

  it("carries every artifact of fetch, and the kill grace", async () => {
    const { info } = await launch({
      fetch: [
        { uri: "http://h/a.zip" },
        { uri: "http://h/b", extract: false, executable: true, cache: true, destPath: "bin/b" },
      ],
      taskKillGracePeriodSeconds: 7,
    });
    assert.deepEqual(info.command.uris, [
      { value: "http://h/a.zip", extract: true, executable: false, cache: false },
      { value: "http://h/b", extract: false, executable: true, cache: true, output_file: "bin/b" },
    ]);
    assert.deepEqual(info.kill_policy, { grace_period: { nanoseconds: 7e9 } });
  });

  it("hands secrets on as references, in variables, volumes and the pull configuration", async () => {
    const { info, answer } = await launch({
      secrets,
      env: { PLAIN: "1", HIDDEN: { secret: "s" } },
      container: {
        type: "MESOS",
        docker: { image: "private/x", pullConfig: { secret: "s" } },
        volumes: [{ containerPath: "secret", secret: "s" }],
      },
    });
    assert.deepEqual(answer.env, { PLAIN: "1", HIDDEN: { secret: "s" } });
    assert.deepEqual(answer.secrets, secrets);
    assert.deepEqual(answer.container.volumes, [{ containerPath: "secret", secret: "s" }]);
    const variables = info.command.environment.variables as { name: string }[];
    assert.deepEqual(
      variables.find((v) => v.name === "HIDDEN"),
      { name: "HIDDEN", type: "SECRET", secret: reference },
    );
    assert.deepEqual(info.container.mesos.image, {
      type: "DOCKER",
      docker: { name: "private/x", config: reference },
      cached: true,
    });
    assert.deepEqual(info.container.volumes, [
      { container_path: "secret", mode: "RO", source: { type: "SECRET", secret: reference } },
    ]);
    assert.equal(JSON.stringify(info).includes('"s"'), false);
  });

  it("carries tty, seccomp, IPC, limits and GPUs", async () => {
    const { info, answer } = await launch({
      tty: true,
      gpus: 1,
      resourceLimits: { cpus: "unlimited", mem: 64 },
      container: {
        type: "MESOS",
        linuxInfo: { seccomp: { profileName: "p" }, ipcInfo: { mode: "PRIVATE", shmSize: 16 } },
      },
    });
    assert.deepEqual(answer.container.linuxInfo, {
      seccomp: { profileName: "p", unconfined: false },
      ipcInfo: { mode: "PRIVATE", shmSize: 16 },
    });
    assert.deepEqual(info.container.linux_info, {
      seccomp: { profile_name: "p", unconfined: false },
      ipc_mode: "PRIVATE",
      shm_size: 16,
    });
    assert.deepEqual(info.container.tty_info, {});
    assert.deepEqual(info.limits, { cpus: { value: "Infinity" }, mem: { value: 64 } });
    const [gpu] = info.resources.filter((r: { name: string }) => r.name === "gpus");
    assert.deepEqual(gpu.scalar, { value: 1 });
  });

  it("gives a terminal to a task without a container", async () => {
    const { info } = await launch({ tty: true });
    assert.deepEqual(info.container, { type: "MESOS", volumes: [], mesos: {}, tty_info: {} });
  });

  it("starts an executor of the app's own beside the task, with resources of its own", async () => {
    const { info, answer } = await launch({
      cmd: "serve 1",
      executor: "/opt/ex'ec",
      executorResources: { cpus: 0.2, mem: 40, disk: 10 },
    });
    assert.equal(answer.executor, "/opt/ex'ec");
    assert.equal("command" in info, false);
    assert.equal(info.executor.executor_id.value, `marathon-${info.task_id.value}`);
    assert.equal(
      info.executor.command.value,
      "chmod ug+rx '/opt/ex'\\''ec' && exec '/opt/ex'\\''ec' serve 1",
    );
    const amounts = info.executor.resources.map((r: { name: string; scalar: { value: number } }) => [
      r.name,
      r.scalar.value,
    ]);
    assert.deepEqual(amounts, [
      ["cpus", 0.2],
      ["mem", 40],
      ["disk", 10],
    ]);
  });

  it("joins every container network, with the mappings that name it", async () => {
    const { info } = await launch({
      container: {
        type: "MESOS",
        portMappings: [
          { containerPort: 80, hostPort: 0, networkNames: ["one"], name: "web" },
          { containerPort: 90 },
        ],
      },
      networks: [
        { mode: "container", name: "one", labels: { a: "b" } },
        { mode: "container", name: "two" },
      ],
    });
    const [port] = info.container.network_infos[0].port_mappings;
    assert.deepEqual(info.container.network_infos, [
      {
        name: "one",
        ip_addresses: [{}],
        labels: { labels: [{ key: "a", value: "b" }] },
        port_mappings: [{ host_port: port.host_port, container_port: 80, protocol: "tcp" }],
      },
      { name: "two", ip_addresses: [{}], port_mappings: [] },
    ]);
    const scope = (value: string) => ({ key: "network-scope", value });
    assert.deepEqual(
      info.discovery.ports.ports.map((p: { labels: { labels: object[] } }) => p.labels.labels[0]),
      [scope("host"), scope("container")],
    );
  });

  it("moves ipAddress to networks, its labels with it; its groups are gone since 1.5", async () => {
    const { answer, info } = await launch({
      ipAddress: { networkName: "net", groups: ["g"], labels: { a: "b" }, discovery: { ports: [] } },
    });
    assert.deepEqual(answer.networks, [{ name: "net", mode: "container", labels: { a: "b" } }]);
    assert.equal(JSON.stringify(info).includes('"g"'), false);
  });

  for (const [what, volume, answered, sent] of [
    [
      "host",
      { containerPath: "/in", hostPath: "/out", mode: "RO" },
      { containerPath: "/in", hostPath: "/out", mode: "RO" },
      { container_path: "/in", host_path: "/out", mode: "RO" },
    ],
    [
      "dvdi",
      {
        containerPath: "in",
        external: {
          name: "v",
          provider: "dvdi",
          size: 5,
          options: { "dvdi/driver": "rexray", "dvdi/iops": "10", "other/x": "y" },
        },
      },
      {
        containerPath: "in",
        mode: "RW",
        external: {
          size: 5,
          name: "v",
          provider: "dvdi",
          options: { "dvdi/driver": "rexray", "dvdi/iops": "10", "other/x": "y" },
          shared: false,
        },
      },
      {
        container_path: "in",
        mode: "RW",
        source: {
          type: "DOCKER_VOLUME",
          docker_volume: {
            driver: "rexray",
            name: "v",
            driver_options: {
              parameter: [
                { key: "iops", value: "10" },
                { key: "size", value: "5" },
              ],
            },
          },
        },
      },
    ],
    [
      "csi",
      {
        containerPath: "in",
        mode: "RW",
        external: {
          name: "v",
          provider: "csi",
          options: {
            pluginName: "nfs",
            capability: { accessMode: "MULTI_NODE_MULTI_WRITER", accessType: "mount", fsType: "ext4" },
          },
        },
      },
      {
        containerPath: "in",
        mode: "RW",
        external: {
          name: "v",
          provider: "csi",
          options: {
            pluginName: "nfs",
            capability: { accessMode: "MULTI_NODE_MULTI_WRITER", accessType: "mount", fsType: "ext4" },
            volumeContext: {},
            nodeStageSecret: {},
            nodePublishSecret: {},
          },
        },
      },
      {
        container_path: "in",
        mode: "RW",
        source: {
          type: "CSI_VOLUME",
          csi_volume: {
            plugin_name: "nfs",
            static_provisioning: {
              volume_id: "v",
              volume_capability: {
                access_mode: { mode: "MULTI_NODE_MULTI_WRITER" },
                mount: { fs_type: "ext4" },
              },
              node_stage_secrets: {},
              node_publish_secrets: {},
              volume_context: {},
            },
          },
        },
      },
    ],
  ] as const) {
    it(`mounts a ${what} volume`, async () => {
      const { info, answer } = await launch({ container: { type: "MESOS", volumes: [volume] } });
      assert.deepEqual(answer.container.volumes, [answered]);
      assert.deepEqual(info.container.volumes, [sent]);
      const dvdi = what === "dvdi";
      assert.deepEqual(answer.upgradeStrategy, {
        maximumOverCapacity: dvdi ? 0 : 1,
        minimumHealthCapacity: dvdi ? 0.5 : 1,
      });
    });
  }
});

describe("marathon: what needs a feature, or breaks a rule about it", function () {
  this.timeout(60_000);
  const missing = (name: string) => `Feature ${name} is not enabled. Enable with --enable_features ${name})`;
  const docker = { docker: { image: "x" } };
  const mesos = (more: object) => ({ container: { type: "MESOS", ...more } });
  const external = (more: object) =>
    mesos({ volumes: [{ containerPath: "in", external: { name: "v", provider: "dvdi", ...more } }] });
  const driver = { options: { "dvdi/driver": "rexray" } };
  const pull = { docker: { image: "x", pullConfig: { secret: "s" } } };

  for (const [what, enabled, more, details] of [
    ["secrets", [], { secrets }, { "/secrets": [missing("secrets")] }],
    [
      "a secret in env",
      [],
      { env: { A: { secret: "s" } } },
      {
        "/env": ["use of secret-references in the environment requires the secrets feature to be enabled"],
        "/env/A/secret": ["references an undefined secret"],
      },
    ],
    [
      "an unknown secret",
      ["secrets"],
      { env: { A: { secret: "t" } }, secrets },
      { "/env/A/secret": ["references an undefined secret"] },
    ],
    [
      "a pull configuration",
      [],
      mesos(pull),
      {
        "/container/docker/pullConfig": [
          "must be empty",
          missing("secrets"),
          "pullConfig.secret must refer to an existing secret",
        ],
      },
    ],
    [
      "a pull configuration for Docker",
      ["secrets"],
      { secrets, container: pull },
      { "/container/docker/pullConfig": ["pullConfig is not supported with Docker containerizer"] },
    ],
    ["GPUs", [], { gpus: 1 }, { "/": [missing("gpu_resources")] }],
    [
      "GPUs for Docker",
      ["gpu_resources"],
      { gpus: 1, container: docker },
      { "/": ["GPU resources only work with the Mesos containerizer"] },
    ],
    [
      "a limit below the request",
      [],
      { mem: 64, resourceLimits: { mem: 32 } },
      {
        "/resourceLimits/mem": ["resource limit must be greater than or equal to requested resource (64.0)"],
      },
    ],
    [
      "seccomp with profile and unconfined",
      [],
      mesos({ linuxInfo: { seccomp: { profileName: "p", unconfined: true } } }),
      { "/container/linuxInfo/seccomp": ["Seccomp unconfined can NOT be true when Profile is defined"] },
    ],
    [
      "seccomp with neither",
      [],
      mesos({ linuxInfo: { seccomp: {} } }),
      { "/container/linuxInfo/seccomp": ["Seccomp unconfined must be true when Profile is NOT defined"] },
    ],
    [
      "a URI with a space",
      [],
      { fetch: [{ uri: "http://a b" }] },
      { "/fetch(0)/uri": ["URI has invalid syntax."] },
    ],
    ["an external volume", [], external(driver), { "/container/volumes(0)": [missing("external_volumes")] }],
    [
      "two instances of a DVDI volume",
      ["external_volumes"],
      { instances: 2, ...external(driver) },
      { "/": ["Number of instances is limited to 1 when declaring DVDI volumes in app [/x]"] },
    ],
    [
      "a DVDI volume without driver",
      ["external_volumes"],
      external({}),
      { '/container/volumes(0)/external/options("dvdi/driver")': ["not defined"] },
    ],
    [
      "a secret volume without its secret",
      ["secrets"],
      mesos({ volumes: [{ containerPath: "in", secret: "s" }] }),
      { "/container/volumes(0)": ["volume.secret must refer to an existing secret"] },
    ],
  ] as const) {
    it(`fails when ${what} is given`, async () => {
      const marathon = await TestMarathon.start({ options: { features: new Set<string>(enabled) } });
      try {
        const answer = await marathon.call("POST", "/v2/apps", { id: "/x", cmd: "sleep 1", ...more });
        assert.equal(answer.status, 422, answer.text);
        const found = answer.body.details.map((d: { path: string; errors: string[] }) => [d.path, d.errors]);
        assert.deepEqual(Object.fromEntries(found), details);
      } finally {
        await marathon.close();
      }
    });
  }
});
