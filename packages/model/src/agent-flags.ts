// SPDX-License-Identifier: Apache-2.0
import type { PoolTemplate } from "./agent-pool";
import { everybody, offeredTo } from "./agent-roles";

export type Flags = Readonly<Record<string, string>>;
/** A scalar, the text of an attribute, or ranges. */
export type Value = number | string | readonly (readonly [number, number])[];

export const isFlagVariable = (name: string): boolean => /^MESOS_[A-Z0-9_]+$/.test(name);

/** Flags by name; an argument beats the variable of the same name, as in Mesos. */
export function flagsOf({ command, env = {} }: PoolTemplate): Flags {
  const flags: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (isFlagVariable(name)) flags[name.slice("MESOS_".length).toLowerCase()] = value;
  }
  for (const argument of command) {
    const [, no, name = "", value] = /^--(no-)?([^=]+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    if (name !== "") flags[name] = value ?? (no === undefined ? "true" : "false");
  }
  return flags;
}

export type Values = ReadonlyMap<string, Value>;

/** `cpus:2;ports(role):[1-9]` by name and role; JSON stands whole, so that any change of it is one of text. */
export function parseValues(text = ""): Values {
  if (/^\s*[[{]|^file:/.test(text)) return new Map([["", text]]);
  const entries = text.split(";").filter((entry) => entry.trim() !== "");
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf(":");
      return [entry.slice(0, at).trim(), parseValue(entry.slice(at + 1).trim())];
    }),
  );
}

function parseValue(text: string): Value {
  if (text !== "" && Number.isFinite(Number(text))) return Number(text);
  if (!/^\[\s*\d+\s*-\s*\d+\s*(,\s*\d+\s*-\s*\d+\s*)*\]$/.test(text)) return text;
  return [...text.matchAll(/(\d+)\s*-\s*(\d+)/g)].map(([, first, last]) => [Number(first), Number(last)]);
}

const scalars = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });

/**
 * An attribute of an agent as constraints compare it: `1,000.5`, `[1-2,5-9]`, `{a,b}`, or the text.
 *
 * Source: Marathon, Constraints.scala, `getValueString`: scalars by Java's NumberFormat, ranges and sets sorted.
 */
export function attributeText(value: Value | readonly string[]): string {
  if (typeof value === "number") return scalars.format(value);
  if (typeof value === "string") return value;
  if (isItems(value)) return `{${[...value].sort().join(",")}}`;
  const ranges = [...value].sort(([a], [b]) => a - b);
  return `[${ranges.map((range) => range.join("-")).join(",")}]`;
}

function isItems(value: readonly unknown[]): value is readonly string[] {
  return value.every((item) => typeof item === "string");
}

export function isRanges(value: Value | undefined): value is readonly (readonly [number, number])[] {
  return Array.isArray(value);
}

/** What each agent of a template offers; an amount that only Mesos knows, because no flag says it, is absent. */
export interface AgentOffer {
  readonly resources: Readonly<Partial<Record<"cpus" | "mem" | "disk" | "gpus", number>>>;
  readonly attributes: Readonly<Record<string, string>>;
  /** Whom the resources are for; absent where only Mesos knows. */
  readonly role?: string;
  /** Where they are, by `--domain`; absent where only the machine knows. */
  readonly region?: string;
  readonly zone?: string;
}

/**
 * What a template says that its agents offer, to everybody or to the role that all is reserved for; resources in JSON are left
 * to what Mesos says of them.
 */
export function offerOf(template: PoolTemplate): AgentOffer {
  const flags = flagsOf(template);
  const { default_role: usual } = flags;
  const amounts = [...parseValues(flags["resources"])].flatMap(([text, amount]) => {
    const [, name = text, role = usual ?? everybody] = /^(.*?)\s*\((.*)\)$/.exec(text) ?? [];
    return typeof amount === "number" ? [{ name, amount, role }] : [];
  });
  const attributes = [...parseValues(flags["attributes"])].map(([name, value]) => [
    name,
    attributeText(value),
  ]);
  const { role, resources } = offeredTo(amounts);
  const whose = amounts.length > 0 ? role : usual;
  return {
    resources,
    attributes: Object.fromEntries(attributes),
    ...(whose === undefined ? {} : { role: whose }),
    ...placeOf(flags["domain"]),
  };
}

/** `{"fault_domain":{"region":{"name":"eu"},"zone":{"name":"eu-a"}}}`; what the machine fills in or a file says is not known here. */
function placeOf(domain = ""): Pick<AgentOffer, "region" | "zone"> {
  const [region, zone] = ["region", "zone"].map((level) => {
    const name = new RegExp(`"${level}"\\s*:\\s*\\{\\s*"name"\\s*:\\s*"([^"\\\\{}]+)"`).exec(domain)?.[1];
    return name === undefined ? {} : { [level]: name };
  });
  return { ...region, ...zone };
}
