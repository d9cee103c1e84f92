// SPDX-License-Identifier: Apache-2.0
// `storms.test.support.js SEED STORMS`: plays storms, which `npm run test:chaos` does beside its other schedules.
import { ScalingStorm } from "./scaling/storm.test.support";
import { Storm } from "./storm.test.support";

interface Playable {
  play(): Promise<readonly string[]>;
  readonly log?: readonly string[];
}

/** Each plays as many: groups of a declared size on AWS, and groups that size themselves. */
const kinds: Readonly<Record<string, (seed: number) => Playable>> = {
  "agent groups on AWS": (seed) => new Storm(seed),
  "groups that size themselves": (seed) => new ScalingStorm(seed),
};

async function main(first: number, count: number): Promise<number> {
  let isWell = true;
  for (const [kind, make] of Object.entries(kinds)) {
    const failed: number[] = [];
    for (let seed = first; seed < first + count; seed++) {
      const storm = make(seed);
      const wrong = await storm.play();
      if (wrong.length === 0) continue;
      failed.push(seed);
      console.log([...(storm.log ?? []), ...wrong.map((line) => `seed ${seed}: WRONG: ${line}`)].join("\n"));
    }
    console.log(`${count - failed.length} of ${count} storms over ${kind} held`);
    if (failed.length > 0) console.log(`failed seeds: ${failed.join(", ")}`);
    isWell &&= failed.length === 0;
  }
  return isWell ? 0 : 1;
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
