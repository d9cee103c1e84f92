// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endOnInterrupt } from "../support/interrupt";
import { repository } from "../support/repository";
import { crashStages, playCrashes } from "./crashes";
import { playRolls } from "./rolls";
import { describeFailure, runSchedule } from "./run";
import { scheduleOf } from "./schedule";

const network = "127.109.0";

const rollsOctet = 107;
const crashesOctet = 141;

async function main(): Promise<number> {
  endOnInterrupt();
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      schedules: { type: "string" },
      rolls: { type: "string" },
      crashes: { type: "string", default: "1" },
      storms: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
    },
  });
  const { only } = values;
  // Whoever chooses a stage of the crashes asks for nothing else.
  const usual = only.length === 0 ? { schedules: "200", rolls: "50", storms: "200" } : {};
  const { schedules: faults = "0", rolls: changes = "0", storms: gales = "0" } = { ...usual, ...values };
  const counts = [values.seed, faults, changes, values.crashes, gales].map(Number);
  const [seed = 0, schedules = 0, rolls = 0, crashes = 0, storms = 0] = counts;
  const isNone = (text: string): boolean => !crashStages.some((stage) => stage.includes(text));
  if (!counts.every((n) => Number.isInteger(n) && n >= 0) || only.some(isNone)) {
    const flags = ["seed", "schedules", "rolls", "crashes", "storms"].map((flag) => `[--${flag} N]`);
    console.error(`usage: npm run test:chaos -- ${flags.join(" ")} [--only STAGE]...`);
    console.error(`stages of the crashes: ${crashStages.join(", ")}`);
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
  for (let round = 0; round < crashes; round++)
    wrong.push(...(await playCrashes(crashesOctet, console.log, only)));
  for (const line of wrong) console.log(`failed: ${line}`);
  // They are among the tests of their package, which exports none of them.
  const program = join(repository, "packages/groups/dist/storms.test.support.js");
  const { status } = spawnSync(process.execPath, [program, String(seed), String(storms)], {
    stdio: "inherit",
  });
  return failed.length + wrong.length === 0 && status === 0 ? 0 : 1;
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
