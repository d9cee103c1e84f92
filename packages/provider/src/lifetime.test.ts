// SPDX-License-Identifier: Apache-2.0
import { equal } from "node:assert/strict";
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { allEnded } from "./alive.test.support";

const main = join(__dirname, "main.js");
const engine = "127.0.0.1:1";

describe("the plugin's process", function () {
  this.timeout(60_000);
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  const start = async (args: readonly string[], stdio: StdioOptions): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [main, ...args], { stdio });
    children.push(child);
    await firstLine(child);
    return child;
  };

  it("says its port as the first line and ends when the engine's end of its stdin closes", async () => {
    const child = await start([engine], ["pipe", "pipe", "inherit"]);
    const exit = once(child, "exit");
    child.stdin?.end();
    equal((await exit)[0], 0);
  });

  it("ends at once on SIGINT and SIGTERM", async () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const child = await start([engine], ["pipe", "pipe", "inherit"]);
      const exit = once(child, "exit");
      child.kill(signal);
      equal((await exit)[0], 0);
    }
  });

  it("ends when its parent is killed, also without a stdin that could tell", async () => {
    // The parent stands for the engine: it starts the plugin with stdin at /dev/null and hands its pid on.
    const program = `
      const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, [${JSON.stringify(main)}, "${engine}"], { stdio: ["ignore", "pipe", "ignore"] });
      child.stdout.once("data", () => console.log(child.pid));`;
    const parent = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(parent);
    const pid = Number(await firstLine(parent));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    await allEnded([pid]);
  });

  it("stays when it waits to be attached to, whatever its stdin is", async () => {
    const child = await start([], ["ignore", "pipe", "inherit"]);
    const piped = await start([], ["pipe", "pipe", "inherit"]);
    piped.stdin?.end();
    for (const plugin of [child, piped]) equal(plugin.exitCode, null);
  });
});

async function firstLine(child: ChildProcess): Promise<string> {
  const stdout = child.stdout;
  if (stdout === null) throw new TypeError("stdout is no pipe");
  const lines = createInterface({ input: stdout });
  const [line] = (await once(lines, "line")) as [string];
  lines.close();
  equal(/^\d+$/.test(line), true);
  return line;
}
