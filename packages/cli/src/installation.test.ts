// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { installationOf, isClosed, wayTo } from "./installation";
import { givenInstallation } from "./places";
import { resourcesIn } from "./stack-state";

const urn = (type: string, name: string) => `urn:pulumi:dev::shop::${type}::${name}`;
const parent = urn("mesos:index:Cluster$mesos:index:Masters", "demo-masters");
const member = (n: number) => ({ name: `demo-masters-${n}`, host: `10.0.0.${n}`, port: 5050 });

function gate(n: number, peers: readonly number[], more: object = {}) {
  const inputs = {
    kind: "mesos-master",
    member: member(n),
    peers: peers.map(member),
    whole: false,
    incarnation: "i",
  };
  return { urn: urn("mesos:index:Ready", `ready-${n}`), type: "mesos:index:Ready", parent, inputs, ...more };
}

function exported(...resources: object[]): string {
  return JSON.stringify({ version: 3, deployment: { resources } });
}

describe("an installation", () => {
  it("is reached by an address map where this machine does not reach its members", () => {
    const addressMap = { "10.0.0.1:8080": "127.0.0.1:10005" };
    const marathon = { name: "demo-marathon-1", host: "10.0.0.1", port: 8080, via: "127.0.0.1:10005" };
    const inputs = { kind: "marathon", member: marathon, peers: [] };
    const made = { ...gate(1, []), inputs };
    const provider = {
      urn: urn("pulumi:providers:mesos", "mine"),
      type: "pulumi:providers:mesos",
      inputs: { marathonUrls: '["http://10.0.0.1:8080"]', addressMap: JSON.stringify(addressMap) },
    };
    for (const resource of [made, provider]) {
      const { marathons, ensembles } = installationOf(resourcesIn(exported(resource)));
      deepEqual(
        marathons.map((place) => [place.urls, place.addressMap]),
        [[["http://10.0.0.1:8080"], addressMap]],
      );
      deepEqual(
        ensembles.flatMap(({ members }) => members),
        resource === made ? [marathon] : [],
      );
    }
  });

  it("is reached as its provider says, by a tunnel for instance", () => {
    const provider = (inputs: object) => ({
      ...{ urn: urn("pulumi:providers:mesos", "platform"), type: "pulumi:providers:mesos", inputs },
    });
    const of = (inputs: object) => installationOf(resourcesIn(exported(provider(inputs))));
    deepEqual(of({ access: "ssh://me@bastion" }).access, { by: "ssh", user: "me", host: "bastion" });
    equal(wayTo(of({ access: "direct" }), {}), undefined);
    ok(wayTo(of({ access: "socks5://127.0.0.1:1080" }), {}) !== undefined);
    equal(of({}).access, undefined);
  });

  it("counts with members that left until the others are told otherwise", () => {
    const ensemble = (left: object[]) => ({
      urn: urn("mesos:index:Ensemble", "demo-masters-ensemble"),
      type: "mesos:index:Ensemble",
      parent,
      inputs: { kind: "mesos-master", size: 3, quorum: 3, left },
    });
    const of = (...left: number[]) =>
      installationOf(resourcesIn(exported(ensemble(left.map(member)), gate(1, [2, 3])))).ensembles[0];
    equal(of(4, 5)?.left, 2);
    equal(of()?.left, 0);
    equal(installationOf(resourcesIn(exported(gate(1, [2, 3])))).ensembles[0]?.left, undefined);
  });

  it("is read from a stack's gates, processes, groups, providers and outputs", () => {
    const stack = {
      urn: urn("pulumi:pulumi:Stack", "shop-dev"),
      type: "pulumi:pulumi:Stack",
      outputs: {
        url: "http://10.0.2.1:8888",
        count: 3,
        secret: { "4dabf18193072939515e22adb298388d": "1b" },
      },
    };
    const process = {
      urn: urn("mesos:local:Process", "demo-masters-1"),
      type: "mesos:local:Process",
      id: "demo-masters-1",
      outputs: { logFile: "/state/processes/demo-masters-1/log" },
    };
    const pool = {
      urn: urn("mesos:index:AgentPool", "demo-web"),
      type: "mesos:index:AgentPool",
      inputs: {
        cluster: "demo",
        zookeeper: "10.0.3.1:2181",
        declaration: {
          name: "web",
          size: 2,
          template: { "4dabf18193072939515e22adb298388d": "1b", ciphertext: "v1:" },
          backend: { kind: "local", network: "127.9.9.0/24" },
        },
      },
    };
    const provider = {
      urn: urn("pulumi:providers:mesos", "mine"),
      type: "pulumi:providers:mesos",
      inputs: { marathonUrls: '["http://marathon.example:8080"]' },
    };
    const leaving = gate(9, [1], { delete: true });
    const resources = [stack, gate(1, [3, 2]), gate(2, [1]), leaving, process, pool, provider];
    const found = installationOf(resourcesIn(exported(...resources)));
    equal(found.title, "stack dev of shop");
    deepEqual(found.ensembles, [
      { kind: "mesos-master", name: "demo-masters", members: [1, 2, 3].map(member) },
    ]);
    deepEqual(found.pools, [{ name: "web", min: 2, max: 2 }]);
    deepEqual(found.marathons, [{ name: "mine", urls: ["http://marathon.example:8080"] }]);
    deepEqual(
      [...found.logs],
      ["demo-masters-1", "web-1", "web-2"].map((name) => [name, { file: `/state/processes/${name}/log` }]),
    );
    deepEqual(found.urls, { url: "http://10.0.2.1:8888" });
  });

  it("finds logs of agents only where their group runs on this machine", () => {
    const process = {
      urn: urn("mesos:local:Process", "here"),
      type: "mesos:local:Process",
      id: "here",
      outputs: { logFile: "/state/processes/here/log" },
    };
    const pool = {
      urn: urn("mesos:index:AgentPool", "there"),
      type: "mesos:index:AgentPool",
      inputs: { declaration: { name: "there", size: 1, backend: { kind: "docker" } } },
    };
    const found = installationOf(resourcesIn(exported(process, pool)));
    deepEqual([found.pools, [...found.logs.keys()]], [[{ name: "there", min: 1, max: 1 }], ["here"]]);
  });

  it("has what opens its members once the state is decrypted, and says when it is not", () => {
    const secret = (rest: object) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ...rest,
    });
    const closed = (authorization: object) => {
      const made = gate(1, []);
      return resourcesIn(exported({ ...made, inputs: { ...made.inputs, authorization } }));
    };
    equal(isClosed(resourcesIn(exported(gate(1, [])))), false);
    const encrypted = closed(secret({ ciphertext: "v1:x" }));
    deepEqual(
      [isClosed(encrypted), installationOf(encrypted).ensembles[0]?.authorization],
      [true, undefined],
    );
    const open = closed(secret({ plaintext: JSON.stringify("Basic b3BzOmh1c2g=") }));
    deepEqual(
      [isClosed(open), installationOf(open).ensembles[0]?.authorization],
      [false, "Basic b3BzOmh1c2g="],
    );
  });

  it("asks members by TLS where their gates do", () => {
    const made = gate(1, []);
    const inputs = { ...made.inputs, kind: "marathon", ca: "an authority" };
    const { ensembles, marathons } = installationOf(resourcesIn(exported({ ...made, inputs })));
    deepEqual([ensembles[0]?.ca, marathons[0]?.ca], ["an authority", "an authority"]);
    match(marathons[0]?.urls[0] ?? "", /^https:/);
  });

  it("is empty where the stack has nothing of it, and no state is refused", () => {
    const found = installationOf(resourcesIn(exported()));
    deepEqual([found.ensembles, found.marathons, [...found.logs]], [[], [], []]);
    throws(() => resourcesIn("[]"), { code: "MESOS_CLI_STACK" });
  });

  it("is taken from addresses with their usual ports", () => {
    const given = givenInstallation({
      cwd: ".",
      zk: ["z1", "z2:2182"],
      masters: ["http://m1:5051/"],
      marathon: ["http://ma:8080", "https://mb/marathon"],
    });
    deepEqual(
      given.ensembles.map(({ kind, members }) => [kind, ...members.map((m) => `${m.host}:${m.port}`)]),
      [
        ["zookeeper", "z1:2181", "z2:2182"],
        ["mesos-master", "m1:5051"],
        ["marathon", "ma:8080"],
      ],
    );
    deepEqual(given.marathons, [{ name: "marathon", urls: ["http://ma:8080", "https://mb/marathon"] }]);
    const byUser: [Parameters<typeof givenInstallation>[0], string][] = [
      [{ cwd: ".", zk: ["u:p@z"] }, '--zk: must be host:port without a user, got "…@z"'],
      [
        { cwd: ".", masters: ["http://u:p@m:5050"] },
        '--masters: must be host:port without a user; who one is goes by --mesos-user and MESOS_PASSWORD, got "http://…@m:5050"',
      ],
      [
        { cwd: ".", edge: ["u:p@e"] },
        '--edge: must be host:port without a user; who one is goes by EDGE_TOKEN, got "…@e"',
      ],
    ];
    for (const [options, message] of byUser)
      throws(() => givenInstallation(options), { code: "MESOS_CLI_USAGE", message });
  });

  it("is asked by TLS at addresses with https://, all members of a kind or none", () => {
    const secure = { cwd: ".", masters: ["https://m1", "HTTPS://m2:5051/"], edge: ["e1"] };
    const given = givenInstallation({ ...secure, marathon: ["https://ma", "https://mb:8443/"] }, {}, "pem");
    deepEqual(
      given.ensembles.map(({ kind, ca, members }) => [kind, ca, ...members.map(({ name }) => name)]),
      [
        ["mesos-master", "pem", "m1:5050", "m2:5051"],
        ["marathon", "pem", "ma:443", "mb:8443"],
        ["edge", undefined, "e1:8000"],
      ],
    );
    // Whose authority the machine knows is asked by its client alone.
    deepEqual(givenInstallation({ cwd: ".", marathon: ["https://ma"] }).ensembles, []);
    const refused: [Parameters<typeof givenInstallation>[0], RegExp][] = [
      [
        { ...secure, masters: ["https://m1", "m2"] },
        /--masters: is asked by TLS at all addresses or at none/,
      ],
      [{ ...secure, zk: ["https://z1:2181"] }, /--zk: does not speak TLS, got https:\/\/z1:2181/],
    ];
    for (const [options, message] of refused)
      throws(() => givenInstallation(options, {}, "pem"), { message });
  });
});
