// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { MessageType } from "./descriptor";
import {
  bodyError,
  enumName,
  fromJsonText,
  type Json,
  missingFields,
  notThatMessage,
  toJsonText,
} from "./json";
import { messageType, type V1Type } from "./schema";
import { fromWire, toWire } from "./wire";

/** The formats of messages in the v1 APIs. */
export type V1Format = "application/json" | "application/x-protobuf";

/**
 * Reads a body or record of the v1 APIs into Mesos's JSON shape: names as in the `.proto` files, enums by name, bytes in base64,
 * 64-bit numbers as numbers or, where a double is too small, as digits; what is not set, empty lists too, is absent.
 *
 * Fails with a MesosError `MESOS_SIMULATOR_BODY` whose message is the text that Mesos answers with status 400.
 */
export function decode(type: V1Type, format: V1Format, bytes: Uint8Array): Json {
  const message = messageType(type);
  const agent = type.startsWith("mesos.v1.agent.");
  if (format === "application/json") {
    try {
      return fromJsonText(message, Buffer.from(bytes).toString("utf8"));
    } catch (error) {
      // The agent's API says the reason alone.
      throw agent ? bodyError(messageOf(error).replace(notThatMessage, "")) : error;
    }
  }
  const failed = bodyError(`Failed to parse body into ${agent ? "a protobuf object" : "Call protobuf"}`);
  let value: Json;
  try {
    value = fromWire(message, bytes);
  } catch {
    throw failed;
  }
  if (missingFields(message, value).length > 0) throw failed;
  return value;
}

/**
 * Writes a message, given in Mesos's JSON shape, as a body or record of the v1 APIs. Keys and enum values that the protocol does
 * not know are left out, because strict readers refuse them; {@link strayFields} finds them in tests.
 */
export function encode(type: V1Type, format: V1Format, message: object): Buffer {
  const known = messageType(type);
  return format === "application/json"
    ? Buffer.from(toJsonText(known, message as Json), "utf8")
    : toWire(known, message as Json);
}

/** What {@link encode} would leave out, and which required fields are missing, each with its path. */
export function strayFields(type: V1Type, message: object): string[] {
  const known = messageType(type);
  return [...strays(known, message as Json, ""), ...missingFields(known, message as Json)];
}

function strays(type: MessageType, message: Json, prefix: string): string[] {
  return Object.entries(message).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const field = type.byName.get(key);
    if (field === undefined) return [`${prefix}${key}`];
    const { type: sub, label } = field;
    if (typeof sub === "string") return [];
    const items =
      label === "repeated" ? (value as unknown[]) : label === "map" ? Object.values(value as Json) : [value];
    return items.flatMap((item) => {
      if (sub.kind === "message") return strays(sub, item as Json, `${prefix}${key}.`);
      return enumName(sub, item) !== undefined ? [] : [`${prefix}${key}=${String(item)}`];
    });
  });
}
