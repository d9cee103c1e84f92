// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from "node:util";
import { playCrashes } from "./crashes";
import { playRolls } from "./rolls";
import { describeFailure, runSchedule } from "./run";
import { scheduleOf } from "./schedule";

const network = "127.109.0";

const rollsOctet = 107;
const crashesOctet = 141;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      schedules: { type: "string", default: "200" },
      rolls: { type: "string", default: "50" },
      crashes: { type: "string", default: "1" },
    },
  });
  const [seed = 0, schedules = 0, rolls = 0, crashes = 0] = [
    values.seed,
    values.schedules,
    values.rolls,
    values.crashes,
  ].map(Number);
  if (![seed, schedules, rolls, crashes].every((n) => Number.isInteger(n) && n >= 0)) {
    console.error("usage: npm run test:chaos -- [--seed N] [--schedules N] [--rolls N] [--crashes N]");
    return 2;
  }
  const failed: number[] = [];
  for (let at = seed; at < seed + schedules; at++) {
    const outcome = await runSchedule(scheduleOf(at), network, console.log);
    if (outcome.wrong.length === 0) continue;
    failed.push(at);
    console.log(describeFailure(outcome));
  }
  console.log(`${schedules - failed.length} of ${schedules} schedules of faults held`);
  if (failed.length > 0) console.log(`failed seeds: ${failed.join(", ")}`);
  const wrong = await playRolls(seed, rolls, rollsOctet, console.log);
  console.log(`${rolls - wrong.length} of ${rolls} schedules of rolling changes held`);
  for (let round = 0; round < crashes; round++) wrong.push(...(await playCrashes(crashesOctet, console.log)));
  for (const line of wrong) console.log(`failed: ${line}`);
  return failed.length + wrong.length === 0 ? 0 : 1;
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
