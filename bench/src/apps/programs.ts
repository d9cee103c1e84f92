// SPDX-License-Identifier: Apache-2.0

/** As many of the smallest resources of our plugin: an Ensemble has three properties, and its create makes no call anywhere. */
export function noopProgram(count: number): string {
  return `
const mesos = require("pulumi-mesos");
const provider = new mesos.Provider("noop");
for (let i = 0; i < ${count}; i++)
  new mesos.Ensemble("noop-" + i, { kind: "zookeeper", size: 3, quorum: 2 }, { provider });
`;
}

/** Apps of one Marathon, each with `more` besides its size. */
export function appsProgram(count: number, url: string, more: Readonly<Record<string, unknown>>): string {
  return `
const mesos = require("pulumi-mesos");
const provider = new mesos.Provider("mine", { marathonUrls: ["${url}"] });
for (let i = 0; i < ${count}; i++)
  new mesos.marathon.App("app-" + i, { cmd: "sleep 1000", cpus: 0.1, mem: 16, ...${JSON.stringify(more)} }, { provider });
`;
}
