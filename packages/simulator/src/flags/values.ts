// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

function refuse(message: string): never {
  throw new MesosError("MESOS_SIMULATOR_FLAG", message);
}

export function text(value: string): string {
  return value;
}

/** A whole number within bounds. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const n = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
    return n >= min && n <= max ? n : refuse(`expected a whole number from ${min} to ${max}, got '${value}'`);
  };
}

/** A number that is not negative. */
export function decimal(value: string): number {
  const n = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  return n >= 0 ? n : refuse(`expected a number, got '${value}'`);
}

export function oneOf<T extends string>(...allowed: readonly T[]): (value: string) => T {
  return (value) =>
    allowed.find((a) => a === value) ?? refuse(`expected ${allowed.join(" or ")}, got '${value}'`);
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  secs: 1_000,
  mins: 60_000,
  hrs: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
};

/** Mesos's durations (`10mins`) in milliseconds. */
export function duration(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|secs|mins|hrs|days|weeks)$/.exec(value);
  const unit = durationUnits[match?.[2] ?? ""];
  if (unit === undefined) {
    return refuse(`Invalid duration '${value}', a number with ns, us, ms, secs, mins, hrs, days or weeks`);
  }
  return Number(match?.[1]) * unit;
}

/** Milliseconds as Mesos prints a duration: the largest unit that keeps it whole. */
export function formatDuration(ms: number): string {
  const unit =
    ["weeks", "days", "hrs", "mins", "secs", "ms"].find((u) => ms % (durationUnits[u] ?? 1) === 0) ?? "ms";
  return `${ms / (durationUnits[unit] ?? 1)}${unit}`;
}

/** Mesos's sizes (`512MB`) in bytes. */
export function bytes(value: string): number {
  const match = /^(\d+)(B|KB|MB|GB|TB)$/.exec(value);
  if (match === null) return refuse(`Invalid bytes '${value}', a whole number with B, KB, MB, GB or TB`);
  return Number(match[1]) * 1024 ** ["B", "KB", "MB", "GB", "TB"].indexOf(match[2] ?? "B");
}

/** `[0-100]%`. */
export function percentage(value: string): number {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(value);
  const n = match === null ? Number.NaN : Number(match[1]);
  return n >= 0 && n <= 100 ? n : refuse(`expected a percentage [0-100]%, got '${value}'`);
}

/** `(Number of agents)/(Duration)`. */
export function rate(value: string): { readonly count: number; readonly perMs: number } {
  const [count, per, ...rest] = value.split("/");
  if (per === undefined || rest.length > 0 || !/^\d+$/.test(count ?? "")) {
    return refuse(`expected N/duration such as 1/10mins, got '${value}'`);
  }
  return { count: Number(count), perMs: duration(per) };
}

export function list(value: string): readonly string[] {
  return value.split(",").filter((item) => item !== "");
}
