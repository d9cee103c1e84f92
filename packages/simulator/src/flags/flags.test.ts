// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type FlagSource, type FlagTable, optional, parseFlags, toggle, withDefault } from "./flags";
import { bytes, duration, formatDuration, integer, percentage, rate, text } from "./values";

const table = {
  zk: optional(text, "ZooKeeper URL"),
  port: withDefault(integer(0, 65535), "5050", "Port"),
  log: toggle(true, "Whether to log"),
  agent_ping_timeout: withDefault(duration, "15secs", "Timeout", { aliases: ["slave_ping_timeout"] }),
} satisfies FlagTable;

const mesos: FlagSource = {
  program: "mesos-master",
  version: "mesos 1.11.0",
  argv: [],
  env: {},
  envPrefix: "MESOS_",
  style: "mesos",
};

function run(argv: string[], more: Partial<FlagSource> = {}) {
  const parsed = parseFlags(table, { ...mesos, argv, ...more });
  assert.equal(parsed.kind, "run");
  return parsed.kind === "run" ? parsed : assert.fail();
}

function failure(argv: string[], more: Partial<FlagSource> = {}): string {
  const parsed = parseFlags(table, { ...mesos, argv, ...more });
  return parsed.kind === "fail" ? parsed.text : assert.fail(`no failure: ${parsed.kind}`);
}

describe("flags (mesos.md 1)", () => {
  it("take the command line over the environment over the default", () => {
    assert.equal(run([]).values.port, 5050);
    assert.equal(run([], { env: { MESOS_PORT: "1", MESOS_UNKNOWN: "x" } }).values.port, 1);
    assert.equal(run(["--port=2"], { env: { MESOS_PORT: "1" } }).values.port, 2);
  });

  it("keep the older names and the negation of toggles", () => {
    assert.equal(run(["--slave_ping_timeout=2mins"]).values.agent_ping_timeout, 120_000);
    assert.equal(run(["--no-log"]).values.log, false);
  });

  it("print help and version", () => {
    const help = parseFlags(table, { ...mesos, argv: ["--help"] });
    assert.match(
      help.kind === "print" ? help.text : "",
      /Usage: mesos-master[\s\S]*--port=VALUE.*default: 5050/,
    );
    assert.deepEqual(parseFlags(table, { ...mesos, argv: ["--version"] }), {
      kind: "print",
      text: "mesos 1.11.0\n",
    });
  });

  it("take separate values in Marathon's style", () => {
    const values = run(["--port", "7", "--disable_log"], { style: "marathon" }).values;
    assert.deepEqual([values.port, values.log], [7, false]);
  });

  it("fails when a flag is unknown, doubled, ill-typed or without a value, naming all of it", () => {
    const said = failure(["--nope=1", "--port=x", "--zk", "stray"]);
    for (const part of [
      /unknown flag 'nope'/,
      /flag 'port'.*got 'x'/,
      /'zk': Missing value/,
      /'stray'/,
      /Usage/,
    ]) {
      assert.match(said, part);
    }
    assert.match(failure(["--port=1", "--port=2"]), /Duplicate flag 'port'/);
    assert.match(failure(["--no-port"]), /non-boolean flag 'port' via 'no-port'/);
    assert.match(failure(["--no-nope"]), /unknown flag 'nope' via 'no-nope'/);
    assert.match(failure(["--no-log=x"]), /boolean flag 'log' via 'no-log' with value 'x'/);
  });
});

describe("flag values", () => {
  it("read Mesos's durations, sizes, rates and percentages", () => {
    assert.deepEqual([duration("1.5mins"), bytes("2KB"), percentage("50%")], [90_000, 2048, 50]);
    assert.deepEqual(rate("1/10mins"), { count: 1, perMs: 600_000 });
    assert.equal(formatDuration(75_000), "75secs");
  });

  it("fails when the unit is missing", () => {
    assert.throws(() => duration("10"), /Invalid duration/);
    assert.throws(() => duration("10m"), /Invalid duration/);
    assert.throws(() => bytes("10"), /Invalid bytes/);
    assert.throws(() => percentage("10"), /percentage/);
    assert.throws(() => rate("10mins"), /N\/duration/);
  });
});
