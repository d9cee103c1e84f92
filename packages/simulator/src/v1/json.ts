// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import type { EnumType, Field, MessageType, Scalar } from "./descriptor";
import { syntaxError } from "./json-syntax";

/** A message in Mesos's JSON shape: names as in the protocol, enums by name, bytes in base64. */
export type Json = Record<string, unknown>;

/** How deep messages may nest, as in Google's own readers. */
export const maxDepth = 100;

/** The protocol's name of an enum's value, also for the name that older protocols have: theirs say SLAVE for AGENT. */
export function enumName(type: EnumType, value: unknown): string | undefined {
  const name = String(value);
  if (type.byName.has(name)) return name;
  const now = name.replaceAll("SLAVE", "AGENT");
  return type.byName.has(now) ? now : undefined;
}

/** A body that is no message of its type; `message` is Mesos's own. */
export function bodyError(message: string): MesosError {
  return new MesosError("MESOS_SIMULATOR_BODY", message);
}

/** What precedes the reason why JSON is no such message. */
export const notThatMessage = "Failed to convert JSON into Call protobuf: ";

/** Digits of a whole number too large for a double, outside of text. */
const longNumber = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** Reads JSON; whole numbers that a double cannot hold become text, which every number field takes. */
function parse(text: string): unknown {
  const exact = /\d{16}/.test(text)
    ? text.replace(longNumber, (token) => (token.startsWith('"') ? token : `"${token}"`))
    : text;
  try {
    return JSON.parse(exact);
  } catch {
    throw bodyError(`Failed to parse body into JSON: ${syntaxError(text)}`);
  }
}

const messageFields = new WeakMap<MessageType, readonly Field[]>();

/** The fields that hold messages, by their number. */
function messagesOf(type: MessageType): readonly Field[] {
  const known = messageFields.get(type);
  if (known !== undefined) return known;
  const made = [...type.byNumber]
    .sort(([a], [b]) => a - b)
    .map(([, field]) => field)
    .filter(({ type: sub }) => typeof sub !== "string" && sub.kind !== "enum");
  messageFields.set(type, made);
  return made;
}

/** What C++ Mesos says when required fields are missing, in its order; empty when none is. */
export function missingFields(type: MessageType, message: Json, prefix = ""): string[] {
  const missing = type.fields
    .filter((f) => f.label === "required" && message[f.name] === undefined)
    .map((f) => `${prefix}${f.name}`);
  for (const field of messagesOf(type)) {
    const value = message[field.name];
    const sub = field.type;
    if (value === undefined || typeof sub === "string" || sub.kind === "enum") continue;
    if (field.label === "repeated") {
      for (const [i, item] of (value as Json[]).entries()) {
        missing.push(...missingFields(sub, item, `${prefix}${field.name}[${i}].`));
      }
    } else if (field.label === "map") {
      for (const [i, item] of Object.values(value as Json).entries()) {
        missing.push(...missingFields(sub, item as Json, `${prefix}${field.name}[${i}].value.`));
      }
    } else missing.push(...missingFields(sub, value as Json, `${prefix}${field.name}.`));
  }
  return missing;
}

/**
 * Reads a message from JSON as Mesos does: numbers or text for numbers, unknown fields and enum values are dropped, null is
 * not set. Fails with Mesos's own message.
 */
export function fromJsonText(type: MessageType, text: string): Json {
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unfit("Expecting a JSON object");
  }
  const message = fromObject(type, value as Json, 0);
  const missing = missingFields(type, message);
  if (missing.length > 0) throw unfit(`Missing required fields: ${missing.join(", ")}`);
  return message;
}

function unfit(why: string): MesosError {
  return bodyError(`${notThatMessage}${why}`);
}

function fromObject(type: MessageType, value: Json, depth: number): Json {
  if (depth > maxDepth) throw unfit(`messages nest deeper than ${maxDepth}`);
  const out: Json = {};
  for (const [key, item] of Object.entries(value)) {
    const field = type.byName.get(key);
    if (field === undefined || item === null) continue;
    const read = fromField(field, item, depth);
    if (read !== undefined) out[key] = read;
  }
  return out;
}

function fromField(field: Field, value: unknown, depth: number): unknown {
  if (Array.isArray(value)) {
    if (field.label !== "repeated") throw unexpected("array", field);
    const items = value.map((v) => (v === null ? undefined : fromValue(field, v, depth)));
    const set = items.filter((v) => v !== undefined);
    return set.length > 0 ? set : undefined;
  }
  if (field.label === "map") {
    if (typeof value !== "object") throw unexpected(typeof value, field);
    const entries = Object.entries(value as Json).map(([k, v]) => [k, fromValue(field, v ?? {}, depth)]);
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  }
  const read = fromValue(field, value, depth);
  return field.label === "repeated" && read !== undefined ? [read] : read;
}

function unexpected(what: string, field: Field): MesosError {
  return unfit(`Not expecting a JSON ${what} for field '${field.name}'`);
}

function fromValue(field: Field, value: unknown, depth: number): unknown {
  const { type } = field;
  if (Array.isArray(value)) throw unexpected("array", field);
  if (typeof type !== "string") {
    if (type.kind === "enum") return fromEnum(field, type, value);
    if (typeof value !== "object" || value === null) throw unexpected(typeof value, field);
    return fromObject(type, value as Json, depth + 1);
  }
  if (typeof value === "string") return fromText(field, type, value);
  if (typeof value === "number" && type !== "string" && type !== "bytes" && type !== "bool") {
    return type === "double" ? value : Math.trunc(value);
  }
  if (typeof value === "boolean" && type === "bool") return value;
  throw unexpected(typeof value, field);
}

function fromEnum(field: Field, type: EnumType, value: unknown): string | undefined {
  if (typeof value !== "string") throw unexpected(typeof value, field);
  if (type.byName.has(value)) return value;
  if (field.label === "required") throw unfit(`Failed to find enum for '${value}'`);
  return undefined;
}

function fromText(field: Field, type: Scalar, text: string): unknown {
  if (type === "string") return text;
  if (type === "bytes") {
    const bad = /[^A-Za-z0-9+/=\s]/.exec(text)?.[0];
    if (bad === undefined) return Buffer.from(text, "base64").toString("base64");
    throw unfit(`Failed to base64 decode bytes field '${field.name}': Invalid character '${bad}'`);
  }
  if (type === "bool") {
    if (text === "true" || text === "false") return text === "true";
    throw unfit(
      `Failed to parse '${text}' as a JSON boolean for field '${field.name}': ${syntaxError(text)}`,
    );
  }
  if (type === "double" && /^-?Infinity$/.test(text)) return Number(text);
  if (!/^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(text)) {
    throw unfit(`Failed to parse '${text}' as a JSON number for field '${field.name}': ${syntaxError(text)}`);
  }
  if (type === "double") return Number(text);
  return /^\s*-?\d+\s*$/.test(text) ? exactInteger(text.trim()) : Math.trunc(Number(text));
}

/** A number when a double holds it, otherwise its digits. */
export function exactInteger(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits).toString();
}

/** The digits of a whole number, whatever holds it. */
export function integerDigits(value: unknown): string {
  if (typeof value === "number") return String(Math.trunc(value));
  return String(value);
}

/** Answers that Mesos does not make out of messages: their lists are there when they are empty. */
const showsEmpty: ReadonlySet<string> = new Set([
  ...["GetAgents", "GetExecutors", "GetFrameworks", "GetTasks"].map(
    (name) => `mesos.v1.master.Response.${name}`,
  ),
  ...["GetExecutors", "GetFrameworks", "GetTasks"].map((name) => `mesos.v1.agent.Response.${name}`),
]);

/**
 * Writes a message as Mesos's JSON: declared order, defaults of what is not set, 64-bit numbers with all digits. Lists and maps
 * without entries are not set (stout/protobuf.hpp).
 */
export function toJsonText(type: MessageType, message: Json): string {
  let out = "{";
  for (const field of type.fields) {
    const value = message[field.name];
    if (value === undefined || value === null) {
      if (field.fallback !== undefined) out += `${out === "{" ? "" : ","}"${field.name}":${field.fallback}`;
      continue;
    }
    const text =
      isEmptyList(field, value) && !showsEmpty.has(type.name) ? undefined : fieldText(field, value);
    if (text !== undefined) out += `${out === "{" ? "" : ","}"${field.name}":${text}`;
  }
  return `${out}}`;
}

function isEmptyList({ label }: Field, value: unknown): boolean {
  if (label === "repeated") return (value as unknown[]).length === 0;
  return label === "map" && Object.keys(value as Json).length === 0;
}

function fieldText(field: Field, value: unknown): string | undefined {
  if (field.label === "repeated") {
    let out = "";
    for (const item of value as unknown[]) {
      const text = valueText(field, item);
      if (text !== undefined) out += out === "" ? text : `,${text}`;
    }
    return `[${out}]`;
  }
  if (field.label === "map") {
    const items = Object.entries(value as Json).map(
      ([k, v]) => `${JSON.stringify(k)}:${valueText(field, v)}`,
    );
    return `{${items.join(",")}}`;
  }
  return valueText(field, value);
}

/** Text that needs no escapes, as nearly all is: asking JSON.stringify for each costs more than the rest. */
const plain = /^[ !#-[\]-~]*$/;

function valueText(field: Field, value: unknown): string | undefined {
  const { type } = field;
  if (typeof type !== "string") {
    if (type.kind === "message") return toJsonText(type, value as Json);
    const name = enumName(type, value);
    return name === undefined ? undefined : `"${name}"`;
  }
  switch (type) {
    case "string":
    case "bytes":
      return plain.test(String(value)) ? `"${String(value)}"` : JSON.stringify(String(value));
    case "bool":
      return value === true ? "true" : "false";
    case "double":
      return doubleText(Number(value));
    default:
      return integerDigits(value);
  }
}

/** A double always shows that it is one: clients in typed languages tell 1.0 from 1. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : value < 0 ? '"-Infinity"' : "0.0";
  const text = String(value);
  return Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
}
