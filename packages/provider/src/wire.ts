// SPDX-License-Identifier: Apache-2.0
import { computed, isComputed } from "@pulumi-mesos/model";
import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb";
import { type PathPart, SecretPaths } from "./secret-paths";

/** The key that marks a special value on the wire, and the kinds that we meet. */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Strings that stand for an unknown string, bool, number, array, asset, archive and object. */
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const sentinels = new Set([
  unknownString,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** A property bag as it came over the wire: plain values with `computed` markers, and which of them are secret. */
export interface Bag {
  readonly values: Readonly<Record<string, unknown>>;
  readonly secrets: SecretPaths;
}

/** Reads a property bag; the absent one is empty. */
export function decode(struct: Struct | undefined): Bag {
  const secrets = new SecretPaths();
  const values = struct === undefined ? {} : decodeFields(struct, [], secrets);
  return { values, secrets };
}

/** Writes a property bag: what lies at a path of `secrets` is wrapped, `computed` becomes the unknown sentinel. */
export function encode(values: Readonly<Record<string, unknown>>, secrets: SecretPaths): Struct {
  const present = secrets.within(values);
  return encodeFields(values, [], present);
}

function decodeFields(
  struct: Struct,
  path: readonly PathPart[],
  secrets: SecretPaths,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  struct.getFieldsMap().forEach((value: Value, key: string) => {
    result[key] = decodeValue(value, [...path, key], secrets);
  });
  return result;
}

function decodeValue(value: Value, path: readonly PathPart[], secrets: SecretPaths): unknown {
  switch (value.getKindCase()) {
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case Value.KindCase.STRING_VALUE:
      return sentinels.has(value.getStringValue()) ? computed : value.getStringValue();
    case Value.KindCase.LIST_VALUE:
      return (value.getListValue()?.getValuesList() ?? []).map((v, i) =>
        decodeValue(v, [...path, i], secrets),
      );
    case Value.KindCase.STRUCT_VALUE:
      return decodeStruct(value.getStructValue() ?? new Struct(), path, secrets);
    default:
      return null;
  }
}

/** An object, or what a wrapper holds. Other special values (assets) stay as they are: schemas refuse them. */
function decodeStruct(struct: Struct, path: readonly PathPart[], secrets: SecretPaths): unknown {
  const fields = struct.getFieldsMap();
  const signature: unknown = fields.get(signatureKey)?.getStringValue();
  const inner: Value | undefined = fields.get("value");
  if (signature === secretSignature) {
    secrets.add(path);
    return inner === undefined ? null : decodeValue(inner, path, secrets);
  }
  if (signature === outputSignature) {
    if (fields.get("secret")?.getBoolValue() === true) secrets.add(path);
    return inner === undefined ? computed : decodeValue(inner, path, secrets);
  }
  return decodeFields(struct, path, secrets);
}

function encodeFields(
  values: Readonly<Record<string, unknown>>,
  path: readonly PathPart[],
  secrets: SecretPaths,
): Struct {
  const struct = new Struct();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) struct.getFieldsMap().set(key, encodeValue(value, [...path, key], secrets));
  }
  return struct;
}

function encodeValue(value: unknown, path: readonly PathPart[], secrets: SecretPaths): Value {
  const plain = encodePlain(value, path, secrets);
  if (!secrets.has(path)) return plain;
  const wrapper = new Struct();
  wrapper.getFieldsMap().set(signatureKey, new Value().setStringValue(secretSignature)).set("value", plain);
  return new Value().setStructValue(wrapper);
}

function encodePlain(value: unknown, path: readonly PathPart[], secrets: SecretPaths): Value {
  if (isComputed(value)) return new Value().setStringValue(unknownString);
  if (typeof value === "string") return new Value().setStringValue(value);
  if (typeof value === "boolean") return new Value().setBoolValue(value);
  if (typeof value === "number") return new Value().setNumberValue(value);
  if (Array.isArray(value)) {
    const items = value.map((item, i) => encodeValue(item, [...path, i], secrets));
    return new Value().setListValue(new ListValue().setValuesList(items));
  }
  if (typeof value === "object" && value !== null) {
    return new Value().setStructValue(
      encodeFields(value as Readonly<Record<string, unknown>>, path, secrets),
    );
  }
  return new Value().setNullValue(NullValue.NULL_VALUE);
}
