// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runSimulation } from "./command";

describe("autoscale:simulate", function () {
  this.timeout(60_000);

  let directory: string;
  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), "autoscale-"));
    write("trace.json", run("generate", "--family", "burst", "--agents", "4", "--hours", "1").out);
    write("policy.json", '{ "web": { "min": 1, "max": 20 } }');
  });
  after(() => rmSync(directory, { recursive: true }));

  const write = (name: string, text: string) => writeFileSync(path.join(directory, name), text);
  function run(...argv: string[]): { code: number; out: string; err: string } {
    const [out, err]: [string[], string[]] = [[], []];
    const code = runSimulation(argv, {
      directory,
      out: (line) => out.push(line),
      err: (line) => err.push(line),
    });
    return { code, out: out.join("\n"), err: err.join("\n") };
  }
  const replay = (...more: string[]) => run("--trace", "trace.json", "--policy", "policy.json", ...more);

  it("prints a line for each autoscaler and the bound", () => {
    const { code, out } = replay("--against", "fixed-max,clusterman");
    equal(code, 0);
    const lines = out.split("\n");
    deepEqual(
      lines.map((line) => line.split(/\s/)[0]),
      ["", "pulumi-mesos", "fixed-max", "clusterman", "bound:"],
    );
    match(lines[0] ?? "", /machine-hours .*pending task-minutes .*killed .*changes an hour$/);
  });

  it("prints the same as JSON", () => {
    const { results, clairvoyantHours } = JSON.parse(replay("--json").out);
    equal(results.length, 1);
    equal(results[0].autoscaler, "pulumi-mesos");
    equal(results[0].machineHours > 0 && clairvoyantHours > 0, true);
  });

  it("replays what it has made of CSV", () => {
    write("demand.csv", "time,cpus\n0,10\n600,40\n1200,20\n");
    write("series.json", run("convert", "--csv", "demand.csv").out);
    const { code, out } = run("--trace", "series.json", "--policy", "policy.json", "--json");
    equal(code, 0);
    equal(JSON.parse(out).results[0].killedTasks, 0);
  });

  it("fails when the policy or a file is wrong, in one line", () => {
    write("crossed.json", '{ "web": { "min": 9, "max": 2, "targetUtilization": 1.5 }, "gpu": {} }');
    const crossed = run("--trace", "trace.json", "--policy", "crossed.json");
    deepEqual([crossed.code, crossed.out], [1, ""]);
    equal(
      crossed.err,
      "error: policy: web.targetUtilization: must be 1 or less, got 1.5; web.min: must be max (2) or less, got 9; raise max or lower min; gpu: no group of the trace, which has web",
    );
    match(
      run("--trace", "none.json", "--policy", "policy.json").err,
      /^error: cannot read none\.json: ENOENT/,
    );
    match(run("--trace", "demand.csv", "--policy", "policy.json").err, /^error: demand\.csv is not JSON/);
  });

  it("fails when it is used wrong, with code 2", () => {
    equal(run().code, 2);
    equal(replay("--against", "karpenter").code, 2);
    equal(run("generate", "--family", "weekly").code, 2);
    equal(run("--help").code, 0);
    equal(
      run("simulate", "--trace", "trace.json").err,
      'error: there is no command "simulate"; there are replay, generate, convert, help',
    );
    equal(run("simulate").code, 2);
  });
});
