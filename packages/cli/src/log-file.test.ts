// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { LogFile } from "./log-file";

describe("a node's log", function () {
  this.timeout(60_000);
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-log-"));
  const file = path.join(directory, "log");

  after(() => rmSync(directory, { recursive: true, force: true }));

  function open(): LogFile {
    const log = LogFile.open(file);
    if (log === undefined) throw new Error("there is a log");
    return log;
  }

  it("ends with its last lines, whatever stands in it and however long it is", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", maxLength: 30 }).map((text) => text.replaceAll("\n", "")),
      fc.integer({ min: 30_000, max: 70_000 }).map((length) => "ü".repeat(length)),
    );
    const lines = fc.array(line, { maxLength: 12 });
    fc.assert(
      fc.property(lines, fc.nat(15), fc.constantFrom("", "half"), (given, count, rest) => {
        writeFileSync(file, given.map((text) => `${text}\n`).join("") + rest);
        const log = open();
        const wanted = given.map((text) => Buffer.from(text).toString());
        deepEqual(log.last(count), count === 0 ? [] : wanted.slice(-count));
        equal(log.rest, rest);
        log.close();
      }),
      { numRuns: 25 },
    );
  });

  it("is nothing where there is no file", () => {
    equal(LogFile.open(path.join(directory, "missing")), undefined);
  });

  it("is followed line by line, over a cut, until it is removed", async () => {
    writeFileSync(file, "one\ntwo\nthr");
    const log = open();
    deepEqual(log.last(1), ["two"]);
    const seen: string[] = [];
    const steps: Record<string, () => void> = {
      three: () => {
        truncateSync(file, 0);
        appendFileSync(file, "new\n");
      },
      new: () => rmSync(file),
    };
    const following = log.follow((line) => {
      seen.push(line);
      steps[line]?.();
    }, new AbortController().signal);
    appendFileSync(file, "ee\n");
    await following;
    deepEqual(seen, ["three", "new"]);
    log.close();
  });

  it("is followed from the line behind the last, also what comes while the lines before it are handed on", async () => {
    writeFileSync(file, "one\n");
    const log = open();
    log.last(1);
    appendFileSync(file, "two\n");
    const stop = new AbortController();
    const seen: string[] = [];
    await log.follow((line) => {
      seen.push(line);
      if (line === "two") appendFileSync(file, "three\n");
      else stop.abort();
    }, stop.signal);
    deepEqual(seen, ["two", "three"]);
    log.close();
  });

  it("is followed until somebody stops", async () => {
    writeFileSync(file, "");
    const log = open();
    log.last(1);
    const stop = new AbortController();
    const following = log.follow(() => stop.abort(), stop.signal);
    appendFileSync(file, "one\n");
    await following;
    log.close();
  });
});
