// SPDX-License-Identifier: Apache-2.0
import { bridge, defaultDefinitions, docker, host, mapping, type Oracle } from "./oracle";

const normalization = "src/test/…/api/v2/AppNormalizationTest.scala";
const resource = "src/test/…/api/v2/AppsResourceTest.scala";
const networking = "docs/docs/networking.md";

const legacyMapping = { containerPort: 1, hostPort: 2, servicePort: 3, name: "port0", protocol: "udp" };
const legacyDocker = (more: object, address?: object) => ({
  id: "/foo",
  container: { type: "DOCKER", docker: { image: "image0", portMappings: [legacyMapping], ...more } },
  ...(address === undefined ? {} : { ipAddress: address }),
});
const emptyLegacy = (network: string | undefined, address?: object) => ({
  id: "/foo",
  container: { type: "DOCKER", docker: { image: "image0", portMappings: [], ...(network && { network }) } },
  ...(address === undefined ? {} : { ipAddress: address }),
});
const discovery = {
  ports: [{ number: 34, name: "port1", protocol: "udp", labels: { VIP_0: "/namedvip:34" } }],
};
const discovered = mapping({
  containerPort: 34,
  name: "port1",
  protocol: "udp",
  labels: { VIP_0: "/namedvip:34" },
});
const legacyMesos = (networkName?: string) => ({
  id: "/foo",
  container: { type: "MESOS", docker: { image: "image0" } },
  ipAddress: { ...(networkName && { networkName }), discovery },
});
const image0 = (portMappings?: readonly object[], type = "DOCKER") => ({
  container: { type, docker: docker("image0"), volumes: [], ...(portMappings && { portMappings }) },
});
const sleeping = { id: "/foo", cmd: "sleep" };
const mesos = { type: "MESOS" };

/** Old and new forms of networks and ports. */
export const networkOracles: readonly Oracle[] = [
  {
    title: "old docker networking in USER mode",
    source: `${normalization}: using legacy docker networking API`,
    request: legacyDocker({ network: "USER" }, { networkName: "someUserNetwork" }),
    answer: {
      networks: [{ mode: "container", name: "someUserNetwork" }],
      ...image0([mapping(legacyMapping)]),
    },
    absent: ["ipAddress", "portDefinitions"],
  },
  {
    title: "old docker networking in USER mode without a name, with a default",
    source: `${normalization}: using legacy docker networking API, without a named network`,
    request: legacyDocker({ network: "USER" }, {}),
    answer: {
      networks: [{ mode: "container", name: "default-network0" }],
      ...image0([mapping(legacyMapping)]),
    },
    server: { defaultNetwork: "default-network0" },
  },
  {
    title: "old docker networking in BRIDGE mode, with more port definitions than mappings",
    source: `${normalization}: mismatched port definitions and mappings (bridge-mode networking)`,
    request: { ...legacyDocker({ network: "BRIDGE" }), portDefinitions: [{ port: 0 }, { port: 0 }] },
    answer: { networks: bridge, ...image0([mapping(legacyMapping), mapping({ hostPort: 0 })]) },
    absent: ["portDefinitions"],
  },
  {
    title: "old docker networking in USER mode, with more port definitions than mappings",
    source: `${normalization}: mismatched port definitions and mappings (container-mode networking)`,
    request: {
      id: "/foo",
      container: {
        type: "DOCKER",
        docker: { image: "image0", network: "USER", portMappings: [legacyMapping] },
      },
      networks: [],
      portDefinitions: [{ port: 0 }, { port: 0 }],
    },
    answer: {
      networks: [{ mode: "container", name: "default-network0" }],
      ...image0([mapping(legacyMapping), mapping()]),
    },
    server: { defaultNetwork: "default-network0" },
  },
  {
    title: "an old IP per container",
    source: `${normalization}: using legacy IP/CT networking API`,
    request: legacyMesos("someUserNetwork"),
    answer: {
      networks: [{ mode: "container", name: "someUserNetwork" }],
      ...image0([discovered], "MESOS"),
    },
    absent: ["ipAddress"],
  },
  {
    title: "an old IP per container without a name, with a default",
    source: `${normalization}: using legacy IP/CT networking API without a named network`,
    request: legacyMesos(),
    answer: {
      networks: [{ mode: "container", name: "default-network0" }],
      ...image0([discovered], "MESOS"),
    },
    server: { defaultNetwork: "default-network0" },
  },
  {
    title: "a name that is given, with a default",
    source: `${normalization}: normalization doesn't overwrite an existing network name`,
    request: {
      id: "/foo",
      container: {
        type: "MESOS",
        docker: { image: "image0" },
        portMappings: [
          { containerPort: 34, name: "port1", protocol: "udp", labels: { VIP_0: "/namedvip:34" } },
        ],
      },
      networks: [{ name: "someUserNetwork" }],
    },
    answer: {
      networks: [{ mode: "container", name: "someUserNetwork" }],
      ...image0([discovered], "MESOS"),
    },
    server: { defaultNetwork: "default-network0" },
  },
  {
    title: "Mesos's own bridge by its name",
    source: `${normalization}: legacy docker bridge app specifies the configured mesos CNI bridge`,
    request: emptyLegacy(undefined, { networkName: "mesos-bridge" }),
    answer: { networks: bridge, ...image0([]) },
  },
  {
    title: "names of networks on an old port mapping",
    source: `${normalization}: preserves networkNames field`,
    request: {
      id: "/foo",
      container: {
        type: "DOCKER",
        docker: { image: "image0", portMappings: [{ containerPort: 80, networkNames: ["1"] }] },
      },
      networks: [{ mode: "container", name: "1" }],
    },
    answer: image0([mapping({ containerPort: 80, networkNames: ["1"] })]),
  },
  {
    title: "ipAddress beside HOST",
    source: `${normalization}: legacy docker app specifies ipAddress and HOST networking`,
    request: emptyLegacy("HOST", { networkName: "mesos-bridge" }),
    answer: { networks: host, portDefinitions: defaultDefinitions, ...image0() },
  },
  {
    title: "ipAddress beside BRIDGE",
    source: `${normalization}: legacy docker app specifies ipAddress and BRIDGE networking`,
    request: emptyLegacy("BRIDGE", { networkName: "my-bridge" }),
    answer: { networks: bridge, ...image0([]) },
    absent: ["portDefinitions"],
  },
  {
    title: "requirePorts off the host",
    source: `${normalization}: app w/ non-host networking discards requirePorts`,
    request: { ...legacyMesos("someUserNetwork"), requirePorts: true },
    answer: { requirePorts: false },
  },
  {
    title: "requirePorts on the host",
    source: `${normalization}: app w/ host networking preserves requirePorts`,
    request: { ...sleeping, networks: host, portDefinitions: [{ port: 0 }], requirePorts: true },
    answer: { requirePorts: true, portDefinitions: [{ port: 0, protocol: "tcp" }] },
  },
  {
    title: "the bridge without a container",
    source: `${normalization}: inject default ports for an app w/ container networking but w/o a container`,
    request: { ...sleeping, networks: bridge },
    answer: {
      container: { type: "MESOS", volumes: [], portMappings: [mapping({ name: "default", hostPort: 0 })] },
    },
  },
  {
    title: "empty old port mappings on the bridge",
    source: `${normalization}: allow a legacy docker bridge mode app to declare empty port mappings`,
    request: { cmd: "sleep", ...emptyLegacy("BRIDGE") },
    answer: { networks: bridge, ...image0([]) },
  },
  {
    title: "empty port mappings at both levels",
    source: `${normalization}: … declare empty port mappings at both levels`,
    request: {
      ...sleeping,
      container: {
        type: "DOCKER",
        portMappings: [],
        docker: { image: "image0", network: "BRIDGE", portMappings: [] },
      },
    },
    answer: { networks: bridge, ...image0([]) },
  },
  {
    title: "port mappings at the container level, empty ones at the old level",
    source: `${normalization}: … at container level if legacy mappings are empty`,
    request: {
      ...sleeping,
      container: {
        type: "DOCKER",
        portMappings: [{}],
        docker: { image: "image0", network: "BRIDGE", portMappings: [] },
      },
    },
    answer: { networks: bridge, ...image0([mapping({ hostPort: 0 })]) },
  },
  {
    title: "empty port mappings of a Mesos container",
    source: `${normalization}: allow a mesos app to declare empty port mappings`,
    request: { ...sleeping, container: { ...mesos, portMappings: [] }, networks: bridge },
    answer: { container: { type: "MESOS", volumes: [], portMappings: [] } },
  },
  {
    title: "no port mappings on the bridge",
    source: `${normalization}: provide default port mappings … for an app container w/ bridge networking`,
    request: { ...sleeping, container: mesos, networks: bridge },
    answer: {
      container: { type: "MESOS", volumes: [], portMappings: [mapping({ hostPort: 0, name: "default" })] },
    },
  },
  {
    title: "no port mappings on a container network",
    source: `${normalization}: provide default port mappings … for an app container w/ container networking`,
    request: { ...sleeping, container: mesos, networks: [{ name: "network1", mode: "container" }] },
    answer: {
      container: { type: "MESOS", volumes: [], portMappings: [mapping({ name: "default" })] },
    },
  },
  {
    title: "empty port definitions",
    source: `${normalization}: allow an app to declare empty port definitions`,
    request: { ...sleeping, portDefinitions: [], networks: host },
    answer: { portDefinitions: [] },
  },
  {
    title: "no port definitions",
    source: `${normalization}: provide a default port definition when no port definitions are specified`,
    request: { ...sleeping, networks: host },
    answer: { portDefinitions: defaultDefinitions },
  },
  {
    title: "USER with a name and a mapping of port 0",
    source: `${resource}: Create a new app with IP/CT with virtual network foo w/ Docker`,
    request: {
      id: "/app",
      cmd: "cmd",
      ipAddress: { networkName: "foo" },
      container: {
        type: "DOCKER",
        docker: { image: "jdef/helpme", network: "USER", portMappings: [{ containerPort: 0 }] },
      },
    },
    answer: {
      networks: [{ mode: "container", name: "foo" }],
      container: { type: "DOCKER", docker: docker("jdef/helpme"), volumes: [], portMappings: [mapping()] },
    },
  },
  {
    title: "BRIDGE with a mapping of port 0",
    source: `${resource}: Create a new app in BRIDGE mode w/ Docker`,
    request: {
      id: "/app",
      cmd: "cmd",
      container: {
        type: "DOCKER",
        docker: { image: "jdef/helpme", network: "BRIDGE", portMappings: [{ containerPort: 0 }] },
      },
    },
    answer: {
      networks: bridge,
      container: {
        type: "DOCKER",
        docker: docker("jdef/helpme"),
        volumes: [],
        portMappings: [mapping({ hostPort: 0 })],
      },
    },
  },
  {
    title: "no network where there is a default",
    source: `${resource}: Create a new app without IP/CT when default virtual network is bar`,
    request: { id: "/app", cmd: "cmd" },
    answer: { networks: host, portDefinitions: defaultDefinitions },
    server: { defaultNetwork: "bar" },
  },
  {
    title: "a container network without a name where there is a default",
    source: `${resource}: … when default virtual network is bar, Alice did not specify network name`,
    request: { id: "/app", cmd: "cmd", networks: [{ mode: "container" }] },
    answer: {
      networks: [{ mode: "container", name: "bar" }],
      container: { type: "MESOS", volumes: [], portMappings: [mapping({ name: "default" })] },
    },
    server: { defaultNetwork: "bar" },
  },
  {
    title: "a container network of another name than the default",
    source: `${resource}: … when default virtual network is bar, but Alice specified foo`,
    request: { id: "/app", cmd: "cmd", networks: [{ mode: "container", name: "foo" }] },
    answer: { networks: [{ mode: "container", name: "foo" }] },
    server: { defaultNetwork: "bar" },
  },
  {
    title: "a network name with underscores",
    source: `${resource}: Allow creating app with network name with underscore`,
    request: {
      id: "/app",
      cmd: "cmd",
      container: { type: "MESOS", docker: { image: "image" } },
      networks: [{ name: "name_with_underscore", mode: "container" }],
    },
    answer: { networks: [{ mode: "container", name: "name_with_underscore" }] },
  },
  {
    title: "ports in numbers",
    source: `${resource}: Create a new app successfully using ports instead of portDefinitions`,
    request: { id: "/app", cmd: "cmd", ports: [1000, 1001] },
    answer: {
      portDefinitions: [
        { port: 1000, protocol: "tcp" },
        { port: 1001, protocol: "tcp" },
      ],
    },
    absent: ["ports"],
  },
  {
    title: "three dynamic ports by name",
    source: `${networking}: Specifying Ports`,
    request: {
      id: "/app",
      cmd: "cmd",
      portDefinitions: [
        { port: 0, name: "http" },
        { port: 0, name: "https" },
        { port: 0, name: "mon" },
      ],
    },
    answer: {
      portDefinitions: [
        { port: 0, protocol: "tcp", name: "http" },
        { port: 0, protocol: "tcp", name: "https" },
        { port: 0, protocol: "tcp", name: "mon" },
      ],
    },
  },
  {
    title: "three ports of the host",
    source: `${networking}: Specifying Ports, requirePorts`,
    request: {
      id: "/app",
      cmd: "cmd",
      portDefinitions: [
        { port: 2001, name: "http" },
        { port: 2002, name: "https" },
        { port: 3000, name: "mon" },
      ],
      requirePorts: true,
    },
    answer: {
      requirePorts: true,
      portDefinitions: [
        { port: 2001, protocol: "tcp", name: "http" },
        { port: 2002, protocol: "tcp", name: "https" },
        { port: 3000, protocol: "tcp", name: "mon" },
      ],
    },
  },
  {
    title: "a port with the label of a virtual address",
    source: `${networking}: Specifying Ports, labels`,
    request: {
      id: "/app",
      cmd: "cmd",
      portDefinitions: [{ port: 0, protocol: "tcp", name: "http", labels: { VIP_0: "10.0.0.1:80" } }],
    },
    answer: {
      portDefinitions: [{ port: 0, protocol: "tcp", name: "http", labels: { VIP_0: "10.0.0.1:80" } }],
    },
  },
  {
    title: "the host network said aloud for a Mesos image",
    source: `${networking}: Using host Mode`,
    request: {
      id: "/app",
      networks: host,
      container: { type: "MESOS", docker: { image: "my-image:1.0" } },
    },
    answer: {
      networks: host,
      portDefinitions: defaultDefinitions,
      container: { type: "MESOS", docker: docker("my-image:1.0"), volumes: [] },
    },
  },
  {
    title: "the bridge for a Mesos image",
    source: `${networking}: Enabling container/bridge Mode`,
    request: {
      id: "/app",
      networks: bridge,
      container: { type: "MESOS", docker: { image: "my-image:1.0" } },
    },
    answer: {
      networks: bridge,
      container: {
        type: "MESOS",
        docker: docker("my-image:1.0"),
        volumes: [],
        portMappings: [mapping({ hostPort: 0, name: "default" })],
      },
    },
  },
];
