// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { parse } from "csv-parse/sync";
import { byTime, follow } from "./follow";
import type { Trace } from "./trace";

/** What a series of demand does not say. */
export interface SeriesOptions {
  /** The names of its columns. @default "time" and "cpus" */
  readonly timeColumn?: string;
  readonly cpusColumn?: string;
  /** What one of the tasks takes that the demand is cut into. */
  readonly taskCpus: number;
  readonly taskMem: number;
  readonly agentCpus: number;
  readonly agentMem: number;
  readonly bootSeconds: number;
}

/** A trace of so many tasks takes a gigabyte and replays for minutes. */
const mostAtATime = 100_000;
const mostTasks = 2_000_000;

interface Row {
  readonly line: number;
  readonly at: number;
  readonly cpus: number;
}

/**
 * A trace of a demand for cpus: CSV as of RFC 4180, separated by commas, semicolons or tabs, of a column `time` in seconds, in
 * milliseconds since the epoch (numbers from 100,000,000,000 on) or as a date (ISO 8601), and a column `cpus`. Other columns
 * are left out; without a line of names the first two count.
 */
export function traceOfCsv(text: string, options: SeriesOptions): Trace {
  const { taskCpus, taskMem, agentCpus, agentMem, bootSeconds } = options;
  if (taskCpus > agentCpus || taskMem > agentMem) {
    throw fault(
      `a task of cpus ${taskCpus}, mem ${taskMem} fits on no agent of cpus ${agentCpus}, mem ${agentMem}; give a smaller --task-cpus or --task-mem`,
    );
  }
  const series = seriesOf(text, options).map((row) => ({ ...row, tasks: Math.round(row.cpus / taskCpus) }));
  const [first, second, last] = [series[0], series[1], series.at(-1)];
  if (first === undefined || second === undefined || last === undefined) {
    throw fault(`needs two lines of time and cpus or more, got ${series.length}`);
  }
  const seconds = last.at - first.at + (second.at - first.at);
  checkTasks(series, taskCpus);
  const wanted = series.map(({ at, tasks }) => [at - first.at, tasks] as const);
  const start = Math.ceil((first.cpus / agentCpus) * 1.1);
  return {
    seconds,
    groups: [{ name: "web", cpus: agentCpus, mem: agentMem, bootSeconds, start }],
    apps: [{ id: "/series", kind: "service", cpus: taskCpus, mem: taskMem }],
    tasks: byTime(follow(0, wanted, seconds)),
  };
}

function checkTasks(series: readonly (Row & { readonly tasks: number })[], taskCpus: number): void {
  let [before, total] = [0, 0];
  for (const { line, cpus, tasks } of series) {
    if (tasks > mostAtATime) {
      const enough = Math.ceil(cpus / mostAtATime);
      throw fault(
        `line ${line}: cpus ${cpus} are more than ${mostAtATime} tasks of ${taskCpus}; give --task-cpus of ${enough} or more`,
      );
    }
    total += Math.max(0, tasks - before);
    before = tasks;
  }
  if (total > mostTasks) {
    throw fault(`it starts ${total} tasks in all, more than ${mostTasks}; give a larger --task-cpus`);
  }
}

function seriesOf(text: string, { timeColumn = "time", cpusColumn = "cpus" }: SeriesOptions): Row[] {
  const rows = rowsOf(text);
  const names = rows[0]?.cells ?? [];
  const find = (name: string): number => names.findIndex((cell) => cell.toLowerCase() === name.toLowerCase());
  const isNamed = names.length > 0 && !Number.isFinite(timeOf(names[0] ?? ""));
  const [timeAt, cpusAt] = isNamed ? [find(timeColumn), find(cpusColumn)] : [0, 1];
  if (timeAt < 0 || cpusAt < 0) {
    const [missing, flag] = timeAt < 0 ? [timeColumn, "--time-column"] : [cpusColumn, "--cpus-column"];
    const found = names.map((name) => JSON.stringify(name)).join(", ");
    throw fault(
      `line 1: has no column ${JSON.stringify(missing)}, got ${found}; say by ${flag} which one it is`,
    );
  }
  let before: number | undefined;
  return rows.slice(isNamed ? 1 : 0).map(({ line, cells }) => {
    const [time = "", amount = ""] = [cells[timeAt], cells[cpusAt]];
    const [at, cpus] = [timeOf(time), amount === "" ? Number.NaN : Number(amount)];
    if (!Number.isFinite(at))
      throw fault(`line ${line}: time must be seconds or a date, got ${JSON.stringify(time)}`);
    if (!(Number.isFinite(cpus) && cpus >= 0))
      throw fault(`line ${line}: cpus must be a number, 0 or more, got ${JSON.stringify(amount)}`);
    if (before !== undefined && at <= before)
      throw fault(`line ${line}: times must rise, got ${time}, which is not after the line before`);
    before = at;
    return { line, at, cpus };
  });
}

function rowsOf(text: string): { readonly line: number; readonly cells: readonly string[] }[] {
  const [first = ""] = text.split("\n").filter((line) => line.trim() !== "");
  const delimiter = [";", "\t"].find((mark) => first.includes(mark)) ?? ",";
  const options = { bom: true, delimiter, trim: true, skip_empty_lines: true, relax_column_count: true };
  try {
    const rows = parse(text, { ...options, info: true }) as unknown as {
      readonly record: readonly string[];
      readonly info: { readonly lines: number };
    }[];
    return rows.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (cause) {
    throw fault(messageOf(cause), cause);
  }
}

const isoDate = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** In seconds; a date without a zone is taken as UTC, where no hour comes twice. */
function timeOf(text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text) >= 1e11 ? Number(text) / 1000 : Number(text);
  const [, date, time = "00:00", zone = "Z"] = isoDate.exec(text) ?? [];
  return date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone}`) / 1000;
}

function fault(message: string, cause?: unknown): MesosError {
  return new MesosError("MESOS_GROUPS_TRACE", `csv: ${message}`, { cause });
}
