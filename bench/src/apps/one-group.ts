// SPDX-License-Identifier: Apache-2.0
import type { Figure } from "../figure";
import { Engine } from "./engine";
import { startMarathon } from "./marathon-process";

/** Makes a figure of a bench; `most` is its target. */
type MakeFigure = (name: string, value: number, unit: string, most?: number) => Figure;

/** One group of many apps, which are deployed at once; `change` is told to the first of them. */
function groupProgram(count: number, url: string): string {
  return `
const mesos = require("pulumi-mesos");
const provider = new mesos.Provider("mine", { marathonUrls: ["${url}"] });
const apps = Array.from({ length: ${count} }, (_, i) => ({ id: "app-" + i, cmd: "sleep 1000", cpus: 0.1, mem: 16 }));
if (process.env.BENCH_CHANGE) apps[0].env = { CHANGE: process.env.BENCH_CHANGE };
new mesos.marathon.Group("many", { apps }, { provider });
`;
}

/** One group of `count` apps on a simulated Marathon: made, compared, changed in one app, and its preview. */
export async function* oneGroup(count: number, network: string, figure: MakeFigure): AsyncIterable<Figure> {
  const what = `one group of ${count.toLocaleString("en")} apps`;
  const marathon = await startMarathon(network, 50);
  const engine = await Engine.create(groupProgram(count, marathon.url));
  try {
    const up = await engine.up();
    yield figure(`up of ${what}`, up.seconds, "s", 15);
    const again = await engine.up(["--expect-no-changes"]);
    yield figure(`up of ${what} without a change`, again.seconds, "s");
    const change = { BENCH_CHANGE: "1" };
    const preview = await engine.run(["preview"], change);
    yield figure(`preview of a change of one app in ${what}`, preview.seconds, "s");
    const changed = await engine.up([], change);
    yield figure(`up of a change of one app in ${what}`, changed.seconds, "s");
    const most = Math.max(...[up, again, preview, changed].map((run) => run.pluginMiB));
    yield figure(`memory of the plugin with ${what}, its peak`, most, "MiB");
  } finally {
    engine.close();
    await marathon.close();
  }
}
