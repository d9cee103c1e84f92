// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { TestMarathon } from "../testing/test-marathon";

type Details = readonly (readonly [path: string, ...errors: string[]])[];
type Row = readonly [what: string, document: object, details: Details];

const mapped = (portMappings: readonly object[], names: readonly string[], more: object = {}) => ({
  networks: names.map((name) => ({ mode: "container", name })),
  container: { type: "MESOS", portMappings, ...more },
});
const external = (info: object, more: object = {}) => ({
  container: {
    type: "MESOS",
    volumes: [{ containerPath: "var", mode: "RW", external: { size: 10, ...info } }],
    ...more,
  },
  upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
});
const dvdi = { name: "foo", provider: "dvdi", options: { "dvdi/driver": "bar" } };
const volume = "/container/volumes(0)";
const single = { labels: { MARATHON_SINGLE_INSTANCE_APP: "true" } };
const several =
  "networkNames must be a single item list when hostPort is specified and more than 1 container network is defined";

/** What Marathon's reader refuses: code: RamlTypeGenerator and the RAML types; messages of play-json. */
const unreadable: readonly Row[] = [
  ["an id of another alphabet", { id: "/A_b" }, [["/id", "error.pattern"]]],
  ["an empty id", { id: "" }, [["/id", "error.minLength"]]],
  ["no id", { id: undefined }, [["/id", `'id' is undefined on object: {"cmd":"sleep 9","instances":0}`]]],
  [
    "half an upgrade strategy",
    { upgradeStrategy: { minimumHealthCapacity: 1 } },
    [
      [
        "/upgradeStrategy/maximumOverCapacity",
        `'maximumOverCapacity' is undefined on object: {"minimumHealthCapacity":1}`,
      ],
    ],
  ],
  ["half an instance", { instances: 0.1 }, [["/instances", "error.expected.int"]]],
  ["more instances than an int32", { instances: 2 ** 31 }, [["/instances", "error.expected.int"]]],
  ["an unknown word", { killSelection: "newest" }, [["/killSelection", "error.unknown.enum.literal"]]],
  ["a network name with a dot", { networks: [{ name: "a.b" }] }, [["/networks(0)/name", "error.pattern"]]],
  [
    "an unnamed port of ipAddress",
    { ipAddress: { discovery: { ports: [{ number: 80 }] } } },
    [["/ipAddress/discovery/ports(0)/name", `'name' is undefined on object: {"number":80}`]],
  ],
  [
    "a volume with a misspelt kind",
    {
      container: { type: "MESOS", volumes: [{ containerPath: "var", persistant: { size: 1 }, mode: "RW" }] },
    },
    [
      [
        `${volume}/hostPath`,
        `'hostPath' is undefined on object: {"containerPath":"var","persistant":{"size":1},"mode":"RW"}`,
      ],
    ],
  ],
  [
    "an unreachableStrategy of neither kind",
    { unreachableStrategy: { inactiveAfterSeconds: -1 } },
    [["/unreachableStrategy", "error.expected.jsstring"]],
  ],
];

/** What breaks a rule: code: AppValidation, NetworkValidation, SchedulingValidation, LinuxInfo, DVDIProvider. */
const invalid: readonly Row[] = [
  [
    "the root as id",
    { id: "/" },
    [
      ["/id", "Path must contain at least one path element"],
      ["/", "must not be root"],
    ],
  ],
  ["a command of one letter", { cmd: "x" }, [["/", "must not be an empty string"]]],
  [
    "a dependency of another alphabet",
    { dependencies: ["a..b"] },
    [
      [
        "/dependencies(0)",
        "must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$'",
      ],
    ],
  ],
  [
    "a host network with a name",
    { networks: [{ mode: "host", name: "x" }] },
    [["/networks", "Host networks may not have names or labels"]],
  ],
  [
    "a bridge with a name",
    { networks: [{ mode: "container/bridge", name: "x" }] },
    [["/networks", "Bridge networks may not have names"]],
  ],
  [
    "one network twice",
    { networks: [{ name: "x" }, { name: "x" }] },
    [["/networks", "Duplicate networks are not allowed"]],
  ],
  [
    "host and container networks",
    { networks: [{ mode: "host" }, { name: "x" }] },
    [
      [
        "/networks",
        "May specify a single host network, single bridge network, or else 1-to-n container networks",
      ],
    ],
  ],
  [
    "a container network without a name where there is no default",
    { networks: [{ mode: "container" }] },
    [["/networks", "Network name must be specified when container network is selected."]],
  ],
  [
    "two container networks for Docker",
    { ...mapped([], ["1", "2"], { type: "DOCKER", docker: { image: "x" } }) },
    [["/", "may only specify a single container network when using the Docker container engine"]],
  ],
  [
    "a host port without a network name where there are two",
    mapped([{ hostPort: 0 }], ["1", "2"]),
    [["/container/portMappings(0)", several]],
  ],
  [
    "a host port with two network names",
    mapped([{ containerPort: 80, hostPort: 80, networkNames: ["1", "2"] }], ["1", "2", "3"]),
    [["/container/portMappings(0)", several]],
  ],
  [
    "a network name that is none of the app's",
    mapped([{ containerPort: 80, hostPort: 80, networkNames: ["other"] }], ["1"]),
    [["/container/portMappings(0)/networkNames(0)", "is not one of (1)"]],
  ],
  [
    "one port name twice",
    mapped(
      [
        { name: "name", hostPort: 123 },
        { name: "name", hostPort: 123 },
      ],
      ["1"],
    ),
    [["/container/portMappings", "Port names must be unique."]],
  ],
  [
    "one port definition twice",
    { portDefinitions: [{ port: 9000 }, { port: 8080 }, { port: 9000, protocol: "udp" }] },
    [["/portDefinitions", "Ports must be unique."]],
  ],
  [
    "a constraint of one word",
    { constraints: [["hostname"]] },
    [["/constraints(0)", "Each constraint must have either 2 or 3 fields"]],
  ],
  [
    "a constraint without a field",
    { constraints: [["", "CLUSTER", "b"]] },
    [["/constraints(0)", "illegal constraint specification"]],
  ],
  [
    "a bogus operator",
    { constraints: [["a", "b", "c"]] },
    [
      [
        "/constraints(0)",
        "operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER or UNLIKE",
      ],
    ],
  ],
  [
    "UNIQUE with a value",
    { constraints: [["hostname", "UNIQUE", "a"]] },
    [["/constraints(0)", "UNIQUE does not accept a value"]],
  ],
  [
    "GROUP_BY with a word",
    { constraints: [["rack-id", "GROUP_BY", "AbcDZ"]] },
    [["/constraints(0)", "GROUP BY must define an integer value or else no value at all"]],
  ],
  [
    "MAX_PER without a value",
    { constraints: [["rack-id", "MAX_PER"]] },
    [["/constraints(0)", "MAX_PER requires an integer value"]],
  ],
  [
    "LIKE without a value",
    { constraints: [["rack-id", "LIKE"]] },
    [["/constraints(0)", "LIKE and UNLIKE require a non-empty, regular expression value"]],
  ],
  [
    "UNLIKE with a broken expression",
    { constraints: [["rack-id", "UNLIKE", "*"]] },
    [["/constraints(0)", "is not a valid regular expression"]],
  ],
  [
    "IS with a range",
    { constraints: [["attribute", "IS", "[0-9]"]] },
    [
      [
        "/constraints(0)",
        "IS only supports Mesos text and float values (see http://mesos.apache.org/documentation/latest/attributes-resources/)",
      ],
    ],
  ],
  [
    "two instances of a single one",
    {
      ...single,
      instances: 2,
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    },
    [["/", "Single instance app may only have one instance"]],
  ],
  [
    "a single instance with the default upgrade strategy",
    single,
    [
      ["/upgradeStrategy/minimumHealthCapacity", "got 1.0, expected 0.0"],
      ["/upgradeStrategy/maximumOverCapacity", "got 1.0, expected 0.0"],
    ],
  ],
  [
    "a limit below the request",
    { mem: 256, resourceLimits: { mem: 200 } },
    [["/resourceLimits/mem", "resource limit must be greater than or equal to requested resource (256.0)"]],
  ],
  [
    "a limit that is another word",
    { resourceLimits: { cpus: "Infinity" } },
    [["/resourceLimits/cpus", "'Infinity' is an invalid resource limit. It must be 'unlimited' or a number"]],
  ],
  [
    "two readiness checks of unknown ports",
    { readinessChecks: [{}, { portName: "default", timeoutSeconds: 30 }] },
    [
      ["/readinessChecks/size", "got 2, expected 1 or less"],
      ["/readinessChecks(0)/portName", "No port definition reference for portName http-api"],
      ["/readinessChecks(1)/timeoutSeconds", "got 30, expected less than 30"],
    ],
  ],
  [
    "an external volume of an unknown provider",
    external({ name: "foo", provider: "acme" }),
    [[`${volume}/external/provider`, "is unknown provider"]],
  ],
  [
    "an external volume in a dotted path",
    {
      ...external(dvdi),
      container: { type: "MESOS", volumes: [{ containerPath: ".", mode: "RW", external: dvdi }] },
    },
    [[`${volume}/containerPath`, "can not be one of (.,..)"]],
  ],
  [
    "an option that rexray does not know so",
    external({ ...dvdi, options: { "dvdi/driver": "rexray", "dvdi/iops": "0" } }),
    [[`${volume}/external/options/"dvdi/iops"`, "Expected a valid, positive integer instead of 0"]],
  ],
  [
    "a DOCKER volume without a driver, but with a size",
    external({ ...dvdi, options: {} }, { type: "DOCKER", docker: { image: "x" } }),
    [
      [`${volume}/external/options("dvdi/driver")`, "not defined"],
      [`${volume}/external/size`, "must be undefined for Docker containers"],
    ],
  ],
  [
    "a persistent volume that is read-only, with a slash, and for role *",
    {
      container: {
        type: "MESOS",
        volumes: [{ containerPath: "a/b", mode: "RO", persistent: { size: 0 } }],
      },
    },
    [
      [`${volume}/containerPath`, 'value must not contain "/"'],
      [`${volume}/mode`, "does not equal RW"],
      [`${volume}/persistent/size`, "got 0, expected more than 0"],
      ["/role", "Resident apps cannot have the role *"],
    ],
  ],
];

/** What only looks wrong. */
const taken: readonly (readonly [what: string, document: object, answer: object])[] = [
  ["words in any case", { killSelection: "oldest_first" }, { killSelection: "OLDEST_FIRST" }],
  [
    "a constraint's operator in any case",
    { constraints: [["foo", "cluster", "bar"]] },
    { constraints: [["foo", "CLUSTER", "bar"]] },
  ],
  ["CLUSTER without a value", { constraints: [["a", "CLUSTER"]] }, { constraints: [["a", "CLUSTER"]] }],
  ["any word as unreachableStrategy", { unreachableStrategy: "off" }, { unreachableStrategy: "disabled" }],
  ["an empty uri", { uris: [""] }, { fetch: [{ uri: "", extract: false, executable: false, cache: false }] }],
  [
    "a network name with an underscore",
    { networks: [{ name: "name_with_underscore" }] },
    { networks: [{ name: "name_with_underscore", mode: "container" }] },
  ],
  [
    "Mesos's own bridge in ipAddress",
    { ipAddress: { networkName: "mesos-bridge" } },
    { networks: [{ mode: "container/bridge" }] },
  ],
  [
    "an address beside Docker's host network",
    { container: { docker: { image: "x", network: "HOST" } }, ipAddress: { networkName: "n" } },
    { networks: [{ mode: "host" }] },
  ],
  [
    "port mappings beside empty ones in the old place",
    {
      container: {
        docker: { image: "x", network: "BRIDGE", portMappings: [] },
        portMappings: [{ containerPort: 80 }],
      },
    },
    { networks: [{ mode: "container/bridge" }] },
  ],
];

describe("marathon: what POST /v2/apps refuses, and in which words (SPEC-marathon.md, Refusals)", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;

  before(async () => {
    marathon = await TestMarathon.start({ options: { features: new Set(["external_volumes"]) } });
  });
  after(async () => {
    await marathon.close();
  });

  const post = async (document: object) =>
    await marathon.call("POST", "/v2/apps", { id: "/a", cmd: "sleep 9", instances: 0, ...document });

  for (const [message, rows] of [
    ["Invalid JSON", unreadable],
    ["Object is not valid", invalid],
  ] as const) {
    for (const [what, document, details] of rows) {
      it(`fails with "${message}" on ${what}`, async () => {
        const { status, body } = await post(document);
        assert.deepEqual(
          [status, body],
          [422, { message, details: details.map(([path, ...errors]) => ({ path, errors })) }],
        );
      });
    }
  }

  for (const [what, document, answer] of taken) {
    it(`takes ${what}`, async () => {
      const { status, body, text } = await post(document);
      assert.equal(status, 201, text);
      for (const [key, value] of Object.entries(answer)) assert.deepEqual(body[key], value);
      await marathon.call("DELETE", "/v2/apps/a?force=true");
    });
  }

  for (const [what, document, message] of [
    [
      "port mappings in both places",
      { container: { docker: { image: "x", portMappings: [{}] }, portMappings: [] } },
      "cannot specify both portMappings and docker.portMappings",
    ],
    [
      "port mappings and ports of ipAddress",
      {
        container: { type: "MESOS", portMappings: [] },
        ipAddress: { discovery: { ports: [{ name: "a" }] } },
      },
      "container.portMappings and ipAddress.discovery.ports must not both be set",
    ],
    [
      "Docker's network NONE",
      { container: { docker: { image: "x", network: "NONE" } } },
      "unsupported docker network type NONE",
    ],
  ] as const) {
    it(`fails with an exception on ${what} (code: AppNormalization)`, async () => {
      const { status, body } = await post(document);
      assert.deepEqual([status, body], [500, { message }]);
    });
  }
});

describe("marathon: what PUT /v2/groups refuses (SPEC-marathon.md, Refusals)", () => {
  let marathon: TestMarathon;

  before(async () => {
    marathon = await TestMarathon.start();
  });
  after(async () => {
    await marathon.close();
  });

  const app = (id: string) => ({ id, cmd: "sleep 9", instances: 0 });
  for (const [what, path, document, details] of [
    [
      "an app deeper in the group",
      "/v2/groups/a",
      { apps: [app("/a/b/c")] },
      ["/apps(0)/id", "Identifier is not child of /a. Hint: use relative paths."],
    ],
    [
      "an app beside the group",
      "/v2/groups/a",
      { groups: [{ id: "b", apps: [app("/a/c")] }] },
      ["/groups(0)/apps(0)/id", "Identifier is not child of /a/b. Hint: use relative paths."],
    ],
    [
      "a group deeper in the group",
      "/v2/groups/a",
      { groups: [{ id: "b/c" }] },
      ["/groups(0)", "Group has to be child of groups with parent id"],
    ],
    [
      "a group that ends in ..",
      "/v2/groups",
      { id: "/a/.." },
      ["/id", "must not end with any of the following reserved keywords: restart, tasks, versions, ., .."],
    ],
    [
      "an app and a group of one path",
      "/v2/groups/a",
      { apps: [app("b")], groups: [{ id: "b" }] },
      ["/", "Groups and Applications may not have the same identifier."],
    ],
  ] as const) {
    it(`fails on ${what} (code: Group, PathId)`, async () => {
      const { status, body } = await marathon.call("PUT", path, document);
      const [at, error] = details;
      assert.deepEqual(
        [status, body],
        [422, { message: "Object is not valid", details: [{ path: at, errors: [error] }] }],
      );
    });
  }

  it("resolves the id of the document against the path, as GroupsResource does", async () => {
    const answer = await marathon.call("PUT", "/v2/groups/top", { id: "in", apps: [app("x")] });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await marathon.call("GET", "/v2/apps/top/in/x")).status, 200);
  });

  it("takes dependencies of groups that are no paths, and enforceRole false of any group", async () => {
    const document = { dependencies: ["A_b"], groups: [{ id: "b", enforceRole: false }] };
    const answer = await marathon.call("PUT", "/v2/groups/odd?dryRun=true", document);
    assert.equal(answer.status, 200, answer.text);
  });

  it("reads nothing but enforceRole from PATCH", async () => {
    await marathon.call("PUT", "/v2/groups/dev", { apps: [] });
    const answer = await marathon.call("PATCH", "/v2/groups/dev", { enforceRole: true, scaleBy: "x" });
    assert.deepEqual([answer.status, answer.text], [200, ""]);
    assert.equal((await marathon.call("PATCH", "/v2/groups", { enforceRole: true })).status, 405);
  });
});
