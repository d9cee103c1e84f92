// SPDX-License-Identifier: Apache-2.0
// `storms.test.support.js SEED STORMS`: plays storms, which `npm run test:chaos` does beside its other schedules.
import { Storm } from "./storm.test.support";

async function main(first: number, count: number): Promise<number> {
  const failed: number[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const storm = new Storm(seed);
    const wrong = await storm.play();
    if (wrong.length === 0) continue;
    failed.push(seed);
    console.log([...storm.log, ...wrong.map((line) => `seed ${seed}: WRONG: ${line}`)].join("\n"));
  }
  console.log(`${count - failed.length} of ${count} storms over agent groups held`);
  if (failed.length > 0) console.log(`failed seeds: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

const [seed = 1, storms = 200] = process.argv.slice(2).map(Number);
main(seed, storms).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
