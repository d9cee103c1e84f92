// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from "node:util";
import { describeFailure, runSchedule } from "./run";
import { scheduleOf } from "./schedule";

const network = "127.109.0";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { seed: { type: "string", default: "1" }, schedules: { type: "string", default: "200" } },
  });
  const first = Number(values.seed);
  const count = Number(values.schedules);
  if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1) {
    console.error("usage: npm run test:chaos -- [--seed N] [--schedules N]");
    return 2;
  }
  const failed: number[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await runSchedule(scheduleOf(seed), network, console.log);
    if (outcome.wrong.length === 0) continue;
    failed.push(seed);
    console.log(describeFailure(outcome));
  }
  console.log(`${count - failed.length} of ${count} schedules held`);
  if (failed.length > 0) console.log(`failed seeds: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
