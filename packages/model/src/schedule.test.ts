// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { checkAutoscalePolicy, describeAutoscalePolicy } from "./autoscale-policy";
import { boundsAt, largestMax } from "./schedule";

const day = { cron: "0 8 * * 1-5", timeZone: "Europe/Berlin", durationSeconds: 36_000, min: 5, max: 20 };
const policy = { min: 1, max: 10, schedule: [day] };
const at = (text: string): object => {
  const { min, max } = boundsAt(policy, Date.parse(text));
  return [min, max];
};

describe("bounds by schedule", () => {
  it("hold from each time of the pattern for so long, in their own time zone, summer and winter", () => {
    deepEqual(at("2026-01-05T06:59:59Z"), [1, 10]);
    deepEqual(at("2026-01-05T07:00:00Z"), [5, 20]);
    deepEqual(at("2026-01-05T16:59:59Z"), [5, 20]);
    deepEqual(at("2026-01-05T17:00:01Z"), [1, 10]);
    deepEqual(at("2026-07-06T06:00:00Z"), [5, 20]);
    deepEqual(at("2026-01-04T10:00:00Z"), [1, 10], "a Sunday");
    equal(boundsAt(policy, Date.parse("2026-01-05T10:00:00Z")).because, "by schedule 0 8 * * 1-5");
    equal(largestMax(policy), 20);
  });

  it("are the largest where several hold", () => {
    const noon = { cron: "0 12 * * *", timeZone: "Europe/Berlin", durationSeconds: 3600, min: 8 };
    const { min, max } = boundsAt({ ...policy, schedule: [day, noon] }, Date.parse("2026-01-05T11:30:00Z"));
    deepEqual([min, max], [8, 20]);
  });

  it("are refused in one line each where they cannot be read or cross", () => {
    const refused = (entry: object): string =>
      checkAutoscalePolicy({ ...policy, schedule: [{ ...day, ...entry }] })
        .map(({ path, message }) => `${path}: ${message}`)
        .join("\n");
    equal(refused({}), "");
    match(
      refused({ cron: "at eight" }),
      /^schedule\[0\]\.cron: cannot be read as a cron pattern in Europe\/Berlin: .*, got "at eight"$/,
    );
    match(
      refused({ timeZone: "Mars/Base" }),
      /^schedule\[0\]\.cron: cannot be read as a cron pattern in Mars\/Base: /,
    );
    equal(refused({ min: 21 }), "schedule[0].min: must be max (20) or less, got 21; raise max or lower min");
    equal(
      refused({ min: 11, max: undefined }),
      "schedule[0].min: must be max (10) or less, got 11; raise max or lower min",
    );
    equal(
      refused({ min: undefined, max: undefined }),
      "schedule[0]: must have min or max, or it changes nothing",
    );
  });

  it("are told with signals in one line", () => {
    const signals = [{ name: "queue", url: "http://127.0.0.1/", perAgent: 100 }];
    match(
      describeAutoscalePolicy({ ...policy, signals }),
      /, 5 or more and 20 or fewer for 36000 s from 0 8 \* \* 1-5 \(Europe\/Berlin\), an agent for each 100 of signal queue$/,
    );
  });
});
