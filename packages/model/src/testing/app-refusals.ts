// SPDX-License-Identifier: Apache-2.0

/** A document that Marathon refuses, or would take without doing what it says, kept by hand. */
export interface AppRefusal {
  readonly title: string;
  /** Section of reference/marathon.md. */
  readonly source: string;
  /** Fields beside an id and a command; `cmd: null` takes the command away. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Every failure as `path: message`. */
  readonly failures: readonly string[];
}

const image = { image: "nginx" };

export const fieldRefusals: readonly AppRefusal[] = [
  {
    title: "a negative number of instances",
    source: "§1.2",
    request: { instances: -1 },
    failures: ["instances: must be 0 or more, got -1"],
  },
  {
    title: "too little of a CPU",
    source: "§1.2",
    request: { cpus: 0 },
    failures: ["cpus: must be 0.001 or more, got 0"],
  },
  {
    title: "half an instance",
    source: "§1.2",
    request: { instances: 1.5 },
    failures: ["instances: must be a whole number, got 1.5"],
  },
  {
    title: "a number as text",
    source: "§1.2",
    request: { mem: "64" },
    failures: ['mem: must be a number, got "64"'],
  },
  {
    title: "a port beyond 65535",
    source: "§1.2",
    request: { portDefinitions: [{ port: 70000 }] },
    failures: ["portDefinitions[0].port: must be between 0 and 65535, got 70000"],
  },
  {
    title: "more than all of the instances",
    source: "§6.4 I",
    request: { upgradeStrategy: { minimumHealthCapacity: 2, maximumOverCapacity: 1 } },
    failures: ["upgradeStrategy.minimumHealthCapacity: must be between 0 and 1, got 2"],
  },
  {
    title: "half an upgrade strategy",
    source: "§1.2",
    request: { upgradeStrategy: { minimumHealthCapacity: 1 } },
    failures: ["upgradeStrategy.maximumOverCapacity: must be given"],
  },
  {
    title: "an unknown field, with the one that was meant",
    source: "§1.7.10",
    request: { healthCheck: [] },
    failures: ['healthCheck: unknown field, did you mean "healthChecks"?'],
  },
  {
    title: "an unknown field deep inside",
    source: "§1.7.10",
    request: { container: { docker: { ...image, forcepullimage: true } } },
    failures: ['container.docker.forcepullimage: unknown field, did you mean "forcePullImage"?'],
  },
  {
    title: "an unknown field like no other, with those that there are",
    source: "§1.7.10",
    request: { networks: [{ subnet: "x" }] },
    failures: ["networks[0].subnet: unknown field, allowed are mode, name, labels"],
  },
  {
    title: "what Marathon sets",
    source: "§1.2",
    request: { versionInfo: {} },
    failures: ["versionInfo: is set by Marathon, remove it"],
  },
  {
    title: "credentials of the time before 1.5",
    source: "§1.3",
    request: { container: { docker: { ...image, credential: {} } } },
    failures: ["container.docker.credential: Marathon refuses it; use pullConfig"],
  },
  {
    title: "an unknown word",
    source: "§1.4",
    request: { networks: [{ mode: "bridge" }] },
    failures: ['networks[0].mode: must be "container", "container/bridge" or "host", got "bridge"'],
  },
  {
    title: "an upper-case id",
    source: "§1.6",
    request: { id: "/Web" },
    failures: [
      'id: must be a path such as /shop/web of lower-case letters, digits, dashes and dots, got "/Web"',
    ],
  },
  {
    title: "a container without its image",
    source: "§1.3",
    request: { container: { docker: {} } },
    failures: ["container.docker.image: must be given"],
  },
  {
    title: "a variable that is no text, without showing it",
    source: "§1.2",
    request: { env: { PASSWORD: 1234 } },
    failures: ["env.PASSWORD: must be a string or an object, got a value that is not shown"],
  },
  {
    title: "a wrong limit",
    source: "§1.2",
    request: { resourceLimits: { cpus: "none" } },
    failures: ['resourceLimits.cpus: must be a number or "unlimited", got "none"'],
  },
  {
    title: "two readiness checks",
    source: "§1.5",
    request: { readinessChecks: [{ portName: "default" }, { portName: "default" }] },
    failures: ["readinessChecks: must have 0 to 1 elements, got 2"],
  },
];
