// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import {
  isPlain,
  type Kind,
  keyOf,
  kindJson,
  kindOf,
  kindOfJson,
  nameOf,
  type ResourceFormat,
} from "./kinds";
import type { AttributeJson, ResourceJson } from "./types";

type Range = readonly [begin: number, end: number];

/** Sorted, disjoint, never adjacent. */
type Ranges = readonly Range[];

/** An amount of resources: scalars in thousandths, as Mesos rounds them, and ranges, each by the key of its kind. */
export interface Resources {
  readonly scalars: ReadonlyMap<string, number>;
  readonly ranges: ReadonlyMap<string, Ranges>;
}

export const noResources: Resources = { scalars: new Map(), ranges: new Map() };

function normalRanges(ranges: readonly Range[]): Ranges {
  const out: [number, number][] = [];
  for (const [begin, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last !== undefined && begin <= last[1] + 1) last[1] = Math.max(last[1], end);
    else if (begin <= end) out.push([begin, end]);
  }
  return out;
}

function cutRanges(from: Ranges, cut: Ranges): Ranges {
  let left: Range[] = [...from];
  for (const [begin, end] of cut) {
    left = left.flatMap(([a, b]): Range[] => {
      if (end < a || begin > b) return [[a, b]];
      const parts: Range[] = [];
      if (a < begin) parts.push([a, begin - 1]);
      if (b > end) parts.push([end + 1, b]);
      return parts;
    });
  }
  return left;
}

function combine(
  a: Resources,
  b: Resources,
  scalar: (x: number, y: number) => number,
  ranges: (x: Ranges, y: Ranges) => Ranges,
): Resources {
  const scalars = new Map<string, number>();
  for (const name of new Set([...a.scalars.keys(), ...b.scalars.keys()])) {
    const value = scalar(a.scalars.get(name) ?? 0, b.scalars.get(name) ?? 0);
    if (value > 0) scalars.set(name, value);
  }
  const all = new Map<string, Ranges>();
  for (const name of new Set([...a.ranges.keys(), ...b.ranges.keys()])) {
    const value = ranges(a.ranges.get(name) ?? [], b.ranges.get(name) ?? []);
    if (value.length > 0) all.set(name, value);
  }
  return { scalars, ranges: all };
}

export function add(a: Resources, b: Resources): Resources {
  return combine(
    a,
    b,
    (x, y) => x + y,
    (x, y) => normalRanges([...x, ...y]),
  );
}

export function subtract(a: Resources, b: Resources): Resources {
  return combine(a, b, (x, y) => x - y, cutRanges);
}

export function sum(all: Iterable<Resources>): Resources {
  let total = noResources;
  for (const one of all) total = add(total, one);
  return total;
}

export function contains(whole: Resources, part: Resources): boolean {
  for (const [key, value] of part.scalars) {
    const has = whole.scalars.get(key) ?? 0;
    if (has < value) return false;
    if (has > value && !isPlain(key) && kindOf(key).disk?.persistence !== undefined) return false;
  }
  for (const [name, ranges] of part.ranges) {
    if (cutRanges(ranges, whole.ranges.get(name) ?? []).length > 0) return false;
  }
  return true;
}

export function isEmpty(r: Resources): boolean {
  return r.scalars.size === 0 && r.ranges.size === 0;
}

/** A scalar in its own unit, reserved or not. */
export function amount(r: Resources, name: string): number {
  let total = 0;
  for (const [key, value] of r.scalars) if (nameOf(key) === name) total += value;
  return total / 1000;
}

/** What is of a kind that `keep` wants. */
export function only(r: Resources, keep: (kind: Kind) => boolean): Resources {
  const wanted = ([key]: readonly [string, unknown]): boolean => keep(kindOf(key));
  return { scalars: new Map([...r.scalars].filter(wanted)), ranges: new Map([...r.ranges].filter(wanted)) };
}

/** The same amounts as another kind. */
export function changed(r: Resources, change: (kind: Kind) => Kind): Resources {
  let total = noResources;
  for (const [key, value] of r.scalars) {
    total = add(total, { scalars: new Map([[keyOf(change(kindOf(key))), value]]), ranges: new Map() });
  }
  for (const [key, value] of r.ranges) {
    total = add(total, { scalars: new Map(), ranges: new Map([[keyOf(change(kindOf(key))), value]]) });
  }
  return total;
}

/** Unreserved, without what is on disks. */
export function plain(r: Resources): Resources {
  if ([...r.scalars.keys(), ...r.ranges.keys()].every(isPlain)) return r;
  return changed(r, ({ name }) => ({ name, reservations: [] }));
}

export function kinds(r: Resources): Kind[] {
  return [...r.scalars.keys(), ...r.ranges.keys()].map(kindOf);
}

/** Reads the v1 JSON; throws with what is wrong. */
export function fromJson(list: readonly ResourceJson[]): Resources {
  let total = noResources;
  for (const item of list) {
    const scalar = item.scalar?.value;
    const ranges = item.ranges?.range?.map((r): Range => [Number(r.begin), Number(r.end)]);
    const named = typeof item.name === "string" && isPlain(item.name);
    if (named && item.type === "SCALAR" && typeof scalar === "number" && scalar >= 0) {
      const key = keyOf(kindOfJson(item));
      total = add(total, { scalars: new Map([[key, Math.round(scalar * 1000)]]), ranges: new Map() });
    } else if (named && item.type === "RANGES" && ranges?.every(([a, b]) => a >= 0 && b >= a)) {
      const key = keyOf(kindOfJson(item));
      total = add(total, { scalars: new Map(), ranges: new Map([[key, normalRanges(ranges)]]) });
    } else {
      throw new MesosError(
        "MESOS_SIMULATOR_RESOURCES",
        `Invalid resource ${JSON.stringify(item).slice(0, 200)}`,
      );
    }
  }
  return total;
}

/** The v1 JSON, allocated to `role` when one is given. */
export function toJson(r: Resources, role?: string, format: ResourceFormat = "endpoint"): ResourceJson[] {
  const common = (key: string) => ({
    ...kindJson(kindOf(key), format),
    ...(role === undefined ? {} : { allocation_info: { role } }),
  });
  const scalars = [...r.scalars].map(
    ([key, value]): ResourceJson => ({
      name: nameOf(key),
      type: "SCALAR",
      scalar: { value: value / 1000 },
      ...common(key),
    }),
  );
  const ranges = [...r.ranges].map(
    ([key, value]): ResourceJson => ({
      name: nameOf(key),
      type: "RANGES",
      ranges: { range: value.map(([begin, end]) => ({ begin, end })) },
      ...common(key),
    }),
  );
  return [...scalars, ...ranges];
}

/** The object of the older endpoints, reserved or not: `{cpus, gpus, mem, disk, ports: "[31000-32000]"}`. */
export function toLegacy(r: Resources): Record<string, number | string> {
  const { scalars, ranges } = plain(r);
  const out: Record<string, number | string> = { disk: 0, mem: 0, gpus: 0, cpus: 0 };
  for (const [name, value] of scalars) out[name] = value / 1000;
  for (const [name, value] of ranges) out[name] = `[${value.map(([a, b]) => `${a}-${b}`).join(", ")}]`;
  return out;
}

/** Each port of a resource called `ports`, in ascending order, at most `limit`. */
export function portsOf(r: Resources, limit = 1000): number[] {
  const out: number[] = [];
  for (const [begin, end] of plain(r).ranges.get("ports") ?? []) {
    for (let port = begin; port <= end && out.length < limit; port++) out.push(port);
  }
  return out;
}

function parseRanges(text: string, what: string): readonly Range[] {
  const parts = text.slice(1, -1).split(",");
  return parts.map((part): Range => {
    const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(part);
    if (match === null || Number(match[1]) > Number(match[2])) {
      throw new MesosError(
        "MESOS_SIMULATOR_RESOURCES",
        `Bad range '${part}' in ${what}, expected [begin-end]`,
      );
    }
    return [Number(match[1]), Number(match[2])];
  });
}

/** The agent's `--resources`: `cpus:4;mem(web):8192;ports:[31000-32000]` or the JSON list. */
export function parseResources(text: string): Resources {
  if (text.trimStart().startsWith("[{")) return fromJson(JSON.parse(text));
  let total = noResources;
  for (const item of text.split(";").filter((part) => part.trim() !== "")) {
    const match = /^\s*([A-Za-z0-9_.-]+)(\(.*\))?\s*:\s*(\S.*?)\s*$/.exec(item);
    const [, name = "", role, value = ""] = match ?? [];
    const reserved = role?.slice(1, -1).trim() ?? "*";
    if (match === null || reserved === "") {
      throw new MesosError(
        "MESOS_SIMULATOR_RESOURCES",
        `Bad resource '${item}': expected name:value or name(role):value`,
      );
    }
    const key = keyOf({ name, reservations: reserved === "*" ? [] : [{ type: "STATIC", role: reserved }] });
    if (value.startsWith("[") && value.endsWith("]")) {
      total = add(total, { scalars: new Map(), ranges: new Map([[key, parseRanges(value, item)]]) });
    } else if (/^\d+(\.\d+)?$/.test(value)) {
      total = add(total, { scalars: new Map([[key, Math.round(Number(value) * 1000)]]), ranges: new Map() });
    } else {
      throw new MesosError(
        "MESOS_SIMULATOR_RESOURCES",
        `Bad resource '${item}': expected a number or [begin-end]`,
      );
    }
  }
  return total;
}

/** The agent's `--attributes`: `rack:2;pool:gpu`. */
export function parseAttributes(text: string): AttributeJson[] {
  return text
    .split(";")
    .filter((part) => part.trim() !== "")
    .map((item): AttributeJson => {
      const colon = item.indexOf(":");
      const name = item.slice(0, colon).trim();
      const value = item.slice(colon + 1).trim();
      if (colon < 1 || value === "") {
        throw new MesosError("MESOS_SIMULATOR_RESOURCES", `Bad attribute '${item}', expected name:value`);
      }
      if (/^\d+(\.\d+)?$/.test(value)) return { name, type: "SCALAR", scalar: { value: Number(value) } };
      if (value.startsWith("[")) {
        const range = parseRanges(value, item).map(([begin, end]) => ({ begin, end }));
        return { name, type: "RANGES", ranges: { range } };
      }
      if (!/^[A-Za-z0-9_/.-]+$/.test(value)) {
        throw new MesosError(
          "MESOS_SIMULATOR_RESOURCES",
          `Bad attribute '${item}': text may have [a-zA-Z0-9_/.-]`,
        );
      }
      return { name, type: "TEXT", text: { value } };
    });
}

/** Attributes as the older endpoints show them. */
export function attributesToLegacy(attributes: readonly AttributeJson[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map((a) => {
      const ranges = a.ranges?.range.map((r) => `${r.begin}-${r.end}`).join(", ");
      return [a.name, a.text?.value ?? a.scalar?.value ?? `[${ranges ?? ""}]`];
    }),
  );
}
