// SPDX-License-Identifier: Apache-2.0
const fs = require("node:fs");
const { Spec } = require("mocha").reporters;

const described = ({ title, err }) => ({ title, error: err.stack ?? err.message ?? String(err) });

/** Mocha's spec reporter that also adds its totals and its failures, one JSON line, to the file that TEST_TOTALS names. */
module.exports = class Totals extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on("fail", (test, err) => failed.push(described({ title: test.fullTitle(), err })));
    runner.once("end", () => {
      const { passes, failures, pending } = runner.stats;
      fs.appendFileSync(
        process.env.TEST_TOTALS,
        `${JSON.stringify({ passes, failures, pending, failed })}\n`,
      );
    });
  }
};
