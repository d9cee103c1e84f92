// SPDX-License-Identifier: Apache-2.0
import { apps } from "./apps";
import { awsBench } from "./aws";
import { edgeBench } from "./edge";
import { type Figure, report } from "./figure";
import { decision } from "./groups/decision";
import { roll } from "./groups/roll";
import { traces } from "./groups/traces";
import { traffic } from "./groups/traffic";
import { quickstart } from "./quickstart";
import { rollout } from "./rollout";
import { simulator } from "./simulator";

/** Every bench by name; each yields its figures as it measures them. One of several parts is run by its name, or part by part. */
const benches: Readonly<Record<string, (o: BenchOptions) => AsyncIterable<Figure> | Iterable<Figure>>> = {
  quickstart,
  rollout,
  simulator,
  apps,
  "groups:traffic": traffic,
  "groups:roll": roll,
  "groups:decision": decision,
  "groups:traces": traces,
  aws: awsBench,
  edge: edgeBench,
};

interface BenchOptions {
  /** `--long`: takes as long as the targets ask for, where a bench has a shorter form. */
  readonly isLong: boolean;
  /** `--faults`: only what faults cost, where a bench measures that. */
  readonly onlyFaults: boolean;
}

function isMeant(bench: string, word: string): boolean {
  return bench === word || bench.startsWith(`${word}:`);
}

async function main(words: readonly string[]): Promise<number> {
  const names = words.filter((word) => !["--long", "--faults"].includes(word));
  const [isLong, onlyFaults] = [words.includes("--long"), words.includes("--faults")];
  const unknown = names.filter((name) => benches[name] === undefined);
  if (unknown.length > 0) {
    console.error(
      `bench: no bench named ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`,
    );
    return 2;
  }
  let missed = 0;
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.some((word) => isMeant(name, word))) continue;
    for await (const figure of bench({ isLong, onlyFaults })) {
      report(figure, new Date());
      if (!figure.ok) missed += 1;
    }
  }
  return missed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
