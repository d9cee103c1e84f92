// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** One flag of a program: the row from which parsing, `--help` and `/flags` come. */
export interface Flag<T> {
  readonly help: string;
  /** Throws with what is allowed. */
  readonly parse: (text: string) => T;
  readonly fallback: T;
  /** The default as `--help` and `/flags` print it. */
  readonly shown?: string;
  /** `--x`, `--no-x`, `--x=true`. */
  readonly toggle?: boolean;
  /** Older names that still work. */
  readonly aliases?: readonly string[];
  /** A `file://` value is read from that file before it is parsed. */
  readonly file?: boolean;
  /** Never printed. */
  readonly secret?: boolean;
  /** How a value that may hold a password is shown. */
  readonly redact?: (text: string) => string;
}

// biome-ignore lint/suspicious/noExplicitAny: rows of one table have different value types; FlagValues gives each back
export type FlagTable = Readonly<Record<string, Flag<any>>>;
export type FlagValues<T extends FlagTable> = {
  readonly [K in keyof T]: T[K] extends Flag<infer V> ? V : never;
};

/** How a program reads its flags. */
export interface FlagSource {
  readonly program: string;
  /** What `--version` prints. */
  readonly version: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `MESOS_` or `MARATHON_`. */
  readonly envPrefix: string;
  /** Marathon also takes `--flag value` and `--disable_flag`; Mesos takes `--flag=value` and `--no-flag`. */
  readonly style: "mesos" | "marathon";
}

export type ParsedFlags<T extends FlagTable> =
  | {
      readonly kind: "run";
      readonly values: FlagValues<T>;
      /** Text of every flag that was given or has a default, as `/flags` shows it. */
      readonly texts: Readonly<Record<string, string>>;
      readonly given: ReadonlySet<string>;
    }
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "fail"; readonly text: string };

/** A flag without a default. */
export function optional<T>(
  parse: (text: string) => T,
  help: string,
  more: Partial<Flag<T | undefined>> = {},
): Flag<T | undefined> {
  return { parse, help, fallback: undefined, ...more };
}

/** A URL without the password in it. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//***@");
}

/** A flag whose default is `shown`, parsed by the same rule. */
export function withDefault<T>(
  parse: (text: string) => T,
  shown: string,
  help: string,
  more: Partial<Flag<T>> = {},
): Flag<T> {
  return { parse, help, shown, fallback: parse(shown), ...more };
}

/** `--x` and `--no-x`. */
export function toggle(fallback: boolean, help: string, aliases: readonly string[] = []): Flag<boolean> {
  return { parse: booleanOf, help, fallback, shown: String(fallback), toggle: true, aliases };
}

function booleanOf(text: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw new MesosError("MESOS_SIMULATOR_FLAG", `expected true or false, got '${text}'`);
}

/** The usage text. */
export function usageOf(table: FlagTable, source: Pick<FlagSource, "program" | "style">): string {
  const rows = Object.entries(table).map(([name, flag]) => {
    const left = flag.toggle === true ? `--[no-]${name}` : `--${name}=VALUE`;
    const shown = flag.shown === undefined ? "" : ` (default: ${flag.shown})`;
    return `  ${left.padEnd(50)} ${flag.help}${shown}`;
  });
  return `Usage: ${source.program} [options]\n\n  ${"--[no-]help".padEnd(50)} Prints this help message\n${rows.join("\n")}\n`;
}

interface Given {
  readonly name: string;
  readonly text: string;
}

/** Reads the command line over the environment; anything wrong gives usage and what is wrong, all of it at once. */
export function parseFlags<T extends FlagTable>(table: T, source: FlagSource): ParsedFlags<T> {
  const names = new Map<string, string>();
  for (const [name, flag] of Object.entries(table)) {
    for (const n of [name, ...(flag.aliases ?? [])]) names.set(n, name);
  }
  const wrong: string[] = [];
  const given = new Map<string, string>();
  for (const [alias, name] of names) {
    const text = source.env[source.envPrefix + alias.toUpperCase()];
    if (text !== undefined && !given.has(name)) given.set(name, text);
  }
  if (source.style === "marathon") switchesFromEnvironment(table, source, given);
  const seen = new Set<string>();
  for (const item of commandLine(table, names, source, wrong)) {
    if (item.name === "help") return { kind: "print", text: usageOf(table, source) };
    if (item.name === "version") return { kind: "print", text: `${source.version}\n` };
    if (seen.has(item.name)) wrong.push(`Duplicate flag '${item.name}' on command line`);
    seen.add(item.name);
    given.set(item.name, item.text);
  }
  const values: Record<string, unknown> = {};
  const texts: Record<string, string> = {};
  for (const [name, flag] of Object.entries(table)) {
    const text = given.get(name);
    values[name] = flag.fallback;
    if (text === undefined) {
      if (flag.shown !== undefined) texts[name] = flag.shown;
      continue;
    }
    texts[name] = flag.secret === true ? "***" : (flag.redact?.(text) ?? text);
    try {
      values[name] = flag.parse(flag.file === true ? fileValue(text) : text);
    } catch (error) {
      wrong.push(`Failed to load flag '${name}': ${messageOf(error)}`);
    }
  }
  if (wrong.length > 0) return { kind: "fail", text: `${wrong.join("\n")}\n\n${usageOf(table, source)}` };
  return { kind: "run", values: values as FlagValues<T>, texts, given: new Set(given.keys()) };
}

/** Marathon's switches in the environment: `MARATHON_X=` turns on, `MARATHON_DISABLE_X=` off. */
function switchesFromEnvironment(table: FlagTable, source: FlagSource, given: Map<string, string>): void {
  for (const [name, flag] of Object.entries(table)) {
    if (flag.toggle !== true) continue;
    if (given.get(name) === "") given.set(name, "true");
    const off = source.env[`${source.envPrefix}DISABLE_${name.toUpperCase()}`];
    if (off === "" && !given.has(name)) given.set(name, "false");
  }
}

function* commandLine(
  table: FlagTable,
  names: ReadonlyMap<string, string>,
  source: FlagSource,
  wrong: string[],
): Generator<Given> {
  const marathon = source.style === "marathon";
  for (let i = 0; i < source.argv.length; i++) {
    const word = source.argv[i] ?? "";
    if (word === "--help" || word === "-h") yield { name: "help", text: "" };
    const match = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word);
    if (word === "--version" && !names.has("version")) {
      yield { name: "version", text: "" };
      continue;
    }
    if (match === null) {
      wrong.push(`Unexpected argument '${word}'`);
      continue;
    }
    const raw = match[1] ?? "";
    let text = match[2];
    const negated = negation(raw, names, marathon);
    const name = names.get(negated ?? raw);
    const flag = name === undefined ? undefined : table[name];
    if (name === undefined || flag === undefined) {
      wrong.push(`Failed to load unknown flag ${unknownAs(raw, marathon)}`);
      continue;
    }
    if (negated !== undefined) {
      if (flag.toggle !== true) {
        wrong.push(`Failed to load non-boolean flag '${name}' via '${raw}'`);
      } else if (text !== undefined && text !== "") {
        wrong.push(`Failed to load boolean flag '${name}' via '${raw}' with value '${text}'`);
      }
      text = "false";
    }
    if (text === undefined && flag.toggle === true) text = "true";
    if (text === undefined && marathon && i + 1 < source.argv.length) text = source.argv[++i];
    if (text === undefined) {
      wrong.push(`Failed to load non-boolean flag '${name}': Missing value`);
      continue;
    }
    yield { name, text };
  }
}

function unknownAs(raw: string, marathon: boolean): string {
  return marathon || !raw.startsWith("no-") ? `'${raw}'` : `'${raw.slice(3)}' via '${raw}'`;
}

function negation(raw: string, names: ReadonlyMap<string, string>, marathon: boolean): string | undefined {
  const prefix = marathon ? "disable_" : "no-";
  if (names.has(raw) || !raw.startsWith(prefix)) return undefined;
  const name = raw.slice(prefix.length);
  return names.has(name) ? name : undefined;
}

function fileValue(text: string): string {
  if (!text.startsWith("file://")) return text;
  return readFileSync(text.slice("file://".length), "utf8").trim();
}
