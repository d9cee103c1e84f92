// SPDX-License-Identifier: Apache-2.0
import { Reader, Writer } from "protobufjs/minimal";
import type { Field, MessageType, Scalar } from "./descriptor";
import { bodyError, enumName, exactInteger, integerDigits, type Json, maxDepth } from "./json";

const wireTypes: Readonly<Record<Scalar, number>> = {
  double: 1,
  int32: 0,
  uint32: 0,
  int64: 0,
  uint64: 0,
  bool: 0,
  string: 2,
  bytes: 2,
};

function wireType(field: Field): number {
  if (typeof field.type === "string") return wireTypes[field.type];
  return field.type.kind === "enum" ? 0 : 2;
}

/** Reads a message from protobuf bytes into the shape of its JSON; required fields are not looked at. */
export function fromWire(type: MessageType, bytes: Uint8Array): Json {
  const reader = Reader.create(bytes);
  return readMessage(type, reader, reader.len, {}, 0);
}

function readMessage(type: MessageType, reader: Reader, end: number, into: Json, depth: number): Json {
  if (depth > maxDepth || end > reader.len) throw bodyError("Failed to parse body into Call protobuf");
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = type.byNumber.get(tag >>> 3);
    const wire = tag & 7;
    if (field === undefined) reader.skipType(wire);
    else if (field.label === "map" && wire === 2) readEntry(field, reader, into, depth);
    else if (wire === wireType(field)) readOne(field, reader, into, depth);
    else if (wire === 2 && field.label === "repeated") readPacked(field, reader, into, depth);
    else reader.skipType(wire);
  }
  if (reader.pos !== end) throw bodyError("Failed to parse body into Call protobuf");
  return into;
}

function readOne(field: Field, reader: Reader, into: Json, depth: number): void {
  const before = field.label === "repeated" ? undefined : into[field.name];
  const value = readValue(field, reader, depth, before as Json | undefined);
  if (value === undefined) return;
  if (field.label !== "repeated") into[field.name] = value;
  else if (into[field.name] === undefined) into[field.name] = [value];
  else (into[field.name] as unknown[]).push(value);
}

function readPacked(field: Field, reader: Reader, into: Json, depth: number): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) readOne(field, reader, into, depth);
}

function readEntry(field: Field, reader: Reader, into: Json, depth: number): void {
  const end = reader.uint32() + reader.pos;
  let key = "";
  let value: unknown;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1 && (tag & 7) === 2) key = reader.string();
    else if (tag >>> 3 === 2 && (tag & 7) === wireType(field))
      value = readValue(field, reader, depth, undefined);
    else reader.skipType(tag & 7);
  }
  const map = (into[field.name] ?? {}) as Json;
  map[key] = value ?? (field.type === "string" ? "" : {});
  into[field.name] = map;
}

function readValue(field: Field, reader: Reader, depth: number, before: Json | undefined): unknown {
  const { type } = field;
  if (typeof type !== "string") {
    if (type.kind === "enum") return type.byNumber.get(reader.int32());
    const end = reader.uint32() + reader.pos;
    return readMessage(type, reader, end, before ?? {}, depth + 1);
  }
  switch (type) {
    case "int64":
    case "uint64": {
      const value: unknown = reader[type]();
      return typeof value === "number" ? value : exactInteger(String(value));
    }
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
    default:
      return reader[type]();
  }
}

/** Writes a message, given in the shape of its JSON, as protobuf bytes. */
export function toWire(type: MessageType, message: Json): Buffer {
  const writer = Writer.create();
  writeMessage(type, message, writer);
  return Buffer.from(writer.finish());
}

function writeMessage(type: MessageType, message: Json, writer: Writer): void {
  for (const field of type.fields) {
    const value = message[field.name];
    if (value === undefined || value === null) continue;
    if (field.label === "repeated") {
      for (const item of value as unknown[]) writeValue(field, field.number, item, writer);
    } else if (field.label === "map") {
      for (const [key, item] of Object.entries(value as Json)) {
        writer.uint32((field.number << 3) | 2).fork();
        writer.uint32(10).string(key);
        writeValue(field, 2, item, writer);
        writer.ldelim();
      }
    } else writeValue(field, field.number, value, writer);
  }
}

function writeValue(field: Field, number: number, value: unknown, writer: Writer): void {
  const { type } = field;
  if (typeof type !== "string" && type.kind === "enum") {
    const known = type.byName.get(enumName(type, value) ?? "");
    if (known !== undefined) writer.uint32(number << 3).int32(known);
    return;
  }
  writer.uint32((number << 3) | wireType(field));
  if (typeof type !== "string") {
    writeMessage(type, value as Json, writer.fork());
    writer.ldelim();
    return;
  }
  switch (type) {
    case "string":
      writer.string(String(value));
      break;
    case "bytes":
      writer.bytes(Buffer.from(String(value), "base64"));
      break;
    case "bool":
      writer.bool(value === true);
      break;
    case "int64":
    case "uint64":
      writer[type](integerDigits(value));
      break;
    default:
      writer[type](Number(value));
  }
}
