// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Part, startPart } from "./child";
import type { TasksCalls } from "./tasks-program";

const run = promisify(execFile);
const [here, there] = ["10.213.77.1", "10.213.77.2"];
const [ours, theirs] = ["pm-bench-0", "pm-bench-1"];

/** A host in a network namespace of its own, whose packets can be dropped. */
export interface FarHost {
  readonly address: string;
  readonly tasks: Part<TasksCalls>;
  /** From now on nothing comes back from it, not even a refusal. */
  blackhole(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it, or says why this machine lets nobody do so. */
export async function startFarHost(): Promise<FarHost | string> {
  try {
    await run("unshare", ["--net", "true"]);
    await run("ip", ["link", "add", ours, "type", "veth", "peer", "name", theirs]);
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || String(error);
  }
  const tasks = startPart<TasksCalls>("tasks-program.js", ["unshare", "--net"]);
  const inside = (...words: string[]): Promise<unknown> =>
    run("nsenter", ["--target", String(tasks.pid), "--net", "ip", ...words]);
  // It answers from within its namespace.
  await tasks.call.seen("");
  await run("ip", ["link", "set", theirs, "netns", String(tasks.pid)]);
  await run("ip", ["address", "add", `${here}/30`, "dev", ours]);
  await run("ip", ["link", "set", ours, "up"]);
  await inside("address", "add", `${there}/30`, "dev", theirs);
  await inside("link", "set", theirs, "up");
  return {
    address: there,
    tasks,
    blackhole: async () => void (await inside("route", "add", "blackhole", `${here}/32`)),
    close: async () => {
      await run("ip", ["link", "delete", ours]);
      await tasks.close();
    },
  };
}
