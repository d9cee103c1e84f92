// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import path from "node:path";
import { Engine, plugins, type Run, repository } from "./apps/engine";
import { noopProgram } from "./apps/programs";
import type { Figure } from "./figure";

const times = 5;
const groups = 10;

/** A large cluster on AWS, which is only previewed: nobody asks AWS. */
const program = `
const mesos = require("pulumi-mesos");
const { AwsPlatform } = require("@pulumi-mesos/aws");
const agents = [...Array(${groups}).keys()].map((i) => "group-" + i);
const platform = new AwsPlatform({
  region: "eu-central-1",
  image: { ami: "ami-0123456789abcdef0", architecture: "x86_64" },
  administrators: ["10.8.0.0/24"],
  agents: Object.fromEntries(agents.map((name, i) => [name, { instanceTypes: ["m6i.large"], spot: i % 2 === 1 }])),
});
new mesos.Cluster("demo", {
  platform,
  secret: "a-secret-of-thirty-two-characters",
  zookeeper: { size: 3 },
  masters: { size: 5 },
  marathon: { size: 3 },
  edge: { size: 2 },
  agents: Object.fromEntries(agents.map((name) => [name, { size: 3, resources: { cpus: 2, mem: 6144 } }])),
});
`;

/** A preview of a cluster on AWS against one of as many no-op resources, and how long its program takes to load. */
export async function* awsBench(): AsyncIterable<Figure> {
  const cluster = await previews(program);
  const noop = await previews(noopProgram(cluster.resources));
  yield figure(
    "resources of 3 ZooKeeper, 5 masters, 3 Marathon, 2 edges, 10 agent groups",
    cluster.resources,
    "",
    undefined,
  );
  yield figure("preview of as many no-op resources", noop.seconds, "s");
  yield figure("preview", cluster.seconds, "s");
  yield figure("preview over no-op resources", cluster.seconds / noop.seconds, "x", 1.3);
  yield figure("loading what the program imports", loadSeconds(), "s", 2.5);
}

function figure(name: string, value: number, unit: string, most?: number): Figure {
  const rounded = Math.round(value * 100) / 100;
  const target = most === undefined ? "none" : `< ${most}`;
  return {
    bench: "aws",
    figure: name,
    value: rounded,
    unit,
    target,
    ok: most === undefined || rounded < most,
  };
}

/** The median of some previews, and how many resources they would make. */
async function previews(source: string): Promise<{ readonly seconds: number; readonly resources: number }> {
  const folders = { mesos: plugins.own, aws: path.join(repository, "bench/noop-aws") };
  // A preview asks members, of which there are none: in this network their addresses say so at once.
  const network = JSON.parse(process.env["BENCH_PRIVATE_NETWORK"] ?? "[]") as string[];
  const engine = await Engine.create(source, folders, network);
  try {
    const runs: Run[] = [];
    for (let i = 0; i < times; i++) runs.push(await engine.run(["preview"]));
    const [, resources] = /\+ (\d+) to create/.exec(runs[0]?.output ?? "") ?? [];
    // The stack itself is none.
    return { seconds: median(runs.map((run) => run.seconds)), resources: Number(resources) - 1 };
  } finally {
    engine.close();
  }
}

/** From the start of node to the end of the program's imports. */
function loadSeconds(): number {
  const load = 'require("pulumi-mesos"); require("@pulumi-mesos/aws")';
  const runs = Array.from({ length: times }, () => {
    const began = performance.now();
    execFileSync(process.execPath, ["-e", load], { cwd: repository });
    return (performance.now() - began) / 1000;
  });
  return median(runs);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
