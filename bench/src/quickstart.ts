// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MesosClient } from "@pulumi-mesos/client";
import { StackNetworks } from "@pulumi-mesos/model";
import type { Figure } from "./figure";
import { firstAnswer } from "./first-answer";

const root = path.resolve(__dirname, "../..");
const block = "127.89";
const stackName = "bench";

/** Runs one of the repository's own scripts against a state of its own; its output goes to stderr. */
function script(env: NodeJS.ProcessEnv, ...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", 2, 2] });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${args.join(" ")} exited with ${code}`)),
    );
  });
}

/** Pids whose arguments hold `program` and `address`. */
function pidsOf(program: string, address: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return argv.includes(program) && argv.includes(`--ip=${address}\0`);
      } catch (error) {
        if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
        throw error;
      }
    });
}

async function failover(masters: readonly string[]): Promise<number> {
  const signal = AbortSignal.timeout(60_000);
  const client = new MesosClient({ masters });
  const before = await client.leader(signal);
  if (before === undefined) throw new Error("no master leads");
  const began = performance.now();
  for (const pid of pidsOf("mesos-master", before.split(":")[0] ?? "")) process.kill(pid, "SIGKILL");
  for (;;) {
    try {
      const now = await new MesosClient({ masters }).leader(AbortSignal.timeout(1000));
      if (now !== before) return (performance.now() - began) / 1000;
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await delay(50, undefined, { signal });
  }
}

/** Start of `npm run up`, all installed, to the first answer through the edge; then ten killed leaders. */
export async function* quickstart(): AsyncIterable<Figure> {
  const scratch = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-bench-"));
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${scratch}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_STACK: stackName,
    XDG_STATE_HOME: path.join(scratch, "xdg"),
  };
  const networks = new StackNetworks(block);
  const url = `http://${networks.prefix("demo-edge")}.1:8888/`;
  const masters = [1, 2, 3].map((n) => `${networks.prefix("demo-masters")}.${n}:5050`);
  try {
    await script(env, "tools/pulumi.mjs", "stack", "select", "--create", stackName);
    await script(env, "tools/pulumi.mjs", "config", "set", "network", `${block}.0.0/16`);
    const began = performance.now();
    const upDone = script(env, "tools/up.mjs");
    await Promise.race([
      firstAnswer(url, AbortSignal.timeout(180_000)),
      upDone.then(() => firstAnswer(url, AbortSignal.timeout(5000))),
    ]);
    const first = (performance.now() - began) / 1000;
    yield {
      bench: "quickstart",
      figure: "up to first answer",
      value: round(first),
      unit: "s",
      target: "< 25",
      ok: first < 25,
    };
    await upDone;
    const up = (performance.now() - began) / 1000;
    yield {
      bench: "quickstart",
      figure: "up to its end",
      value: round(up),
      unit: "s",
      target: "none",
      ok: true,
    };
    const times: number[] = [];
    for (let i = 0; i < 10; i++) {
      times.push(await failover(masters));
      await allMastersBack(masters);
    }
    const worst = Math.max(...times);
    yield {
      bench: "quickstart",
      figure: "leader killed to another, worst of 10",
      value: round(worst),
      unit: "s",
      target: "< 14",
      ok: worst < 14,
    };
  } finally {
    await script(env, "tools/down.mjs");
    await script(env, "tools/pulumi.mjs", "stack", "rm", "--yes", stackName);
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function allMastersBack(masters: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  for (const master of masters) {
    for (;;) {
      const up = await new Promise<boolean>((resolve) => {
        const request = http.get(`http://${master}/health`, { timeout: 1000 }, (response) => {
          response.resume();
          resolve(response.statusCode === 200);
        });
        request.on("timeout", () => request.destroy());
        request.on("error", () => resolve(false));
      });
      if (up) break;
      await delay(50, undefined, { signal });
    }
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
