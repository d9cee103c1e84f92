// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import { byTime, follow } from "./follow";
import type { Trace } from "./trace";

/** What a series of demand does not say. */
export interface SeriesOptions {
  /** What one of the tasks takes that the demand is cut into. */
  readonly taskCpus: number;
  readonly taskMem: number;
  readonly agentCpus: number;
  readonly agentMem: number;
  readonly bootSeconds: number;
}

/**
 * A trace of a demand for cpus: lines `time,cpus`, with or without a line of names above, time in seconds or as a date
 * (ISO 8601). Columns by other names are left out; without names the first two count.
 */
export function traceOfCsv(text: string, options: SeriesOptions): Trace {
  const { taskCpus, taskMem, agentCpus, agentMem, bootSeconds } = options;
  const series = seriesOf(text);
  const [first, second, last] = [series[0], series[1], series.at(-1)];
  if (first === undefined || second === undefined || last === undefined) {
    throw fault("needs two lines of time,cpus or more");
  }
  const seconds = last[0] - first[0] + (second[0] - first[0]);
  const wanted = series.map(([at, cpus]) => [at - first[0], Math.round(cpus / taskCpus)] as const);
  const start = Math.ceil((first[1] / agentCpus) * 1.1);
  return {
    seconds,
    groups: [{ name: "web", cpus: agentCpus, mem: agentMem, bootSeconds, start }],
    apps: [{ id: "/series", kind: "service", cpus: taskCpus, mem: taskMem }],
    tasks: byTime(follow(0, wanted, seconds)),
  };
}

function seriesOf(text: string): (readonly [at: number, cpus: number])[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const cells = lines.map((line) => line.split(",").map((cell) => cell.trim()));
  const names = (cells[0] ?? []).map((cell) => cell.toLowerCase());
  const isNamed = names.includes("cpus");
  const [timeAt, cpusAt] = isNamed ? [names.indexOf("time"), names.indexOf("cpus")] : [0, 1];
  if (timeAt < 0) throw fault("line 1: names cpus and not time");
  let before = Number.NEGATIVE_INFINITY;
  return cells.slice(isNamed ? 1 : 0).map((row, i) => {
    const line = i + (isNamed ? 2 : 1);
    const [at, cpus] = [timeOf(row[timeAt] ?? ""), Number(row[cpusAt] === "" ? Number.NaN : row[cpusAt])];
    if (!Number.isFinite(at)) throw fault(`line ${line}: no time, got ${JSON.stringify(row[timeAt] ?? "")}`);
    if (!(cpus >= 0))
      throw fault(`line ${line}: cpus must be 0 or more, got ${JSON.stringify(row[cpusAt] ?? "")}`);
    if (at <= before) throw fault(`line ${line}: times must rise`);
    before = at;
    return [at, cpus] as const;
  });
}

function timeOf(text: string): number {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
}

function fault(message: string): MesosError {
  return new MesosError("MESOS_GROUPS_TRACE", `csv: ${message}`);
}
