// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { History } from "./scaling/history";
import { type AppTold, withTold } from "./traffic/app-history";

const at = (second: number) => new Date(second * 1000).toISOString();
const reasonsOfRush = [
  "1000 requests/s on 10 instances, 100 each: within 10 % of the target",
  "998.5 requests/s on 10 instances, 100 each: within 10 % of the target",
];
const afterIt = "50 requests/s on 10 instances, 100 each: 1 needed";
const span = ({ at, until, reasons }: { at: string; until: string; reasons: readonly string[] }) =>
  [at, until, reasons[0]] as const;

describe("decisions that change nothing", () => {
  it("are told as one while only their numbers differ, of an app", () => {
    let told: AppTold[] = [];
    [...reasonsOfRush, afterIt].forEach((reason, i) => {
      told = withTold(told, { at: at(i), from: 10, instances: 10, reasons: [reason] });
    });
    deepEqual(told.map(span), [
      [at(2), at(2), afterIt],
      [at(0), at(1), reasonsOfRush[1]],
    ]);
  });

  it("are told as one while only their numbers differ, of a group", () => {
    const history = new History();
    [...reasonsOfRush, afterIt].forEach((reason, i) => {
      const sample = { at: 1000 * i, size: 3, agents: 3, demand: 2, waiting: 0 };
      const made = { ...sample, leave: [], end: [], frozen: undefined, reasons: [reason], change: undefined };
      history.add({ ...made, at: at(i) }, sample);
    });
    deepEqual(history.decisions.map(span), [
      [at(2), at(2), afterIt],
      [at(0), at(1), reasonsOfRush[1]],
    ]);
  });
});
