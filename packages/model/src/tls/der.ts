// SPDX-License-Identifier: Apache-2.0
import { asn1 } from "node-forge";

/** One value of ASN.1. */
export type Node = asn1.Asn1;

const { Class, Type } = asn1;
const universal = (type: asn1.Type, value: string): Node => asn1.create(Class.UNIVERSAL, type, false, value);

export const sequence = (...values: readonly Node[]): Node =>
  asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...values]);
export const set = (...values: readonly Node[]): Node =>
  asn1.create(Class.UNIVERSAL, Type.SET, true, [...values]);
export const oid = (text: string): Node => universal(Type.OID, asn1.oidToDer(text).getBytes());
export const nothing = (): Node => universal(Type.NULL, "");
export const octets = (bytes: Uint8Array): Node => universal(Type.OCTETSTRING, binary(bytes));
export const utf8 = (text: string): Node => universal(Type.UTF8, binary(Buffer.from(text)));
export const bmp = (text: string): Node => universal(Type.BMPSTRING, text);
export const yes = (): Node => universal(Type.BOOLEAN, "\xff");
export const bits = (bytes: Uint8Array, unused = 0): Node =>
  universal(Type.BITSTRING, String.fromCharCode(unused) + binary(bytes));
/** Not negative, however its bytes begin. */
export const integer = (bytes: Uint8Array): Node =>
  universal(Type.INTEGER, binary((bytes[0] ?? 0) > 0x7f ? Buffer.from([0, ...bytes]) : bytes));
export const small = (value: number): Node => universal(Type.INTEGER, asn1.integerToDer(value).getBytes());
export const time = (date: Date): Node => universal(Type.UTCTIME, asn1.dateToUtcTime(date));
/** `[tag]` around values, or as another name of a simple one. */
export const tagged = (tag: number, value: readonly Node[] | Uint8Array): Node =>
  value instanceof Uint8Array
    ? asn1.create(Class.CONTEXT_SPECIFIC, tag as asn1.Type, false, binary(value))
    : asn1.create(Class.CONTEXT_SPECIFIC, tag as asn1.Type, true, [...value]);

export function encode(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), "binary");
}

export function decode(bytes: Uint8Array): Node {
  return asn1.fromDer(binary(bytes));
}

/** The values inside of one; none of a simple one. */
export function inside(node: Node | undefined): readonly Node[] {
  return Array.isArray(node?.value) ? node.value : [];
}

/** The bytes of a simple value. */
export function content(node: Node | undefined): Buffer {
  return Buffer.from(typeof node?.value === "string" ? node.value : "", "binary");
}

/** How node-forge writes bytes. */
export function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("binary");
}

/** Whether it is that object identifier. */
export function isOid(node: Node | undefined, text: string): boolean {
  return node?.value === asn1.oidToDer(text).getBytes();
}

export function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
