// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

/** One routing rule as Bamboo's HTTP API speaks of it; the names are Bamboo's. */
export const BambooService = Type.Object({
  Id: Type.String({ description: "The Marathon app's id, beginning with a slash." }),
  Acl: Type.String({ description: "Condition of a HAProxy acl line, such as `path_beg /shop`." }),
  Config: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], {
    description: "Values kept beside the ACL; `Acl` in it is the ACL once more.",
  }),
});
export type BambooService = Static<typeof BambooService>;

/** The longest ACL: HAProxy refuses longer lines. */
const maxAclLength = 1500;

/** What is wrong with the text of an ACL, or nothing. HAProxy alone decides whether its condition is a good one. */
export function aclProblem(acl: string): string | undefined {
  if (acl.trim() === "") return "must not be empty; give a HAProxy condition such as path_beg /";
  if (/[\r\n\u0085\u2028\u2029]/.test(acl)) {
    return "must be one line, because HAProxy reads what follows as a directive of its own";
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
  const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Cs}/u.exec(acl);
  if (bad) return `must be printable text, found the character U+${hex(bad[0].codePointAt(0) ?? 0, 4)}`;
  if (Buffer.byteLength(acl) > maxAclLength) return `must be at most ${maxAclLength} bytes long`;
  const plain = acl
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/['"\\]/g, "");
  if (/(^|\s)-[fM](\s|$)/.test(plain) || /,\s*map\w*\s*\(/.test(plain)) {
    return "must not read a file of the edge (-f, -M or a map converter); list the values instead";
  }
  if (/(^|\s)-u(\s|$)/.test(plain))
    return "must not number itself (-u), because two rules may take the same number";
  return plain.includes("${") ? "must not read an environment variable" : undefined;
}

/** `id` with the leading slash that Bamboo puts before it. */
export function bambooId(id: string): string {
  return id === "" || id.startsWith("/") ? id : `/${id}`;
}

/** Name of the ZooKeeper node of a rule: Go's `url.QueryEscape`. */
export function goQueryEscape(text: string): string {
  let escaped = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.~]/.test(char)) escaped += char;
    else escaped += char === " " ? "+" : `%${hex(byte, 2)}`;
  }
  return escaped;
}

/** The reverse of {@link goQueryEscape}; nothing when a percent sign is not followed by two hexadecimal digits. */
export function goQueryUnescape(text: string): string | undefined {
  const bytes: number[] = [];
  const source = Buffer.from(text, "utf8").toString("latin1");
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i);
    if (char !== "%") {
      bytes.push(char === "+" ? 0x20 : char.charCodeAt(0));
      continue;
    }
    const digits = source.slice(i + 1, i + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) return undefined;
    bytes.push(Number.parseInt(digits, 16));
    i += 2;
  }
  return Buffer.from(bytes).toString("utf8");
}

/** Data of a rule's node, version 2. A non-empty `acl` wins over `config.Acl`. */
export function encodeBambooNode(acl: string, config: Readonly<Record<string, string>> | null): Buffer {
  const merged = { ...config, ...(acl === "" ? {} : { Acl: acl }) };
  const sorted = Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(JSON.stringify({ version: "2", config: sorted }));
}

/**
 * A rule from its node's name and data: version 2, or the bare ACL of version 1. Nothing when the name is none of Bamboo's,
 * or when the data is of a version that we do not know (Bamboo takes that for an ACL and breaks).
 */
export function decodeBambooNode(name: string, data: Buffer): BambooService | undefined {
  const id = goQueryUnescape(name);
  if (id === undefined || id === "") return undefined;
  const text = data.toString("utf8");
  const json = parsed(text);
  if (json && "version" in json) {
    const config = json["config"];
    if (json["version"] !== "2" || !isStringRecord(config)) return undefined;
    return { Id: id, Acl: config["Acl"] ?? "", Config: { ...config } };
  }
  return { Id: id, Acl: text, Config: { Acl: text } };
}

function parsed(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    // A version 1 ACL may begin with a brace.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((v) => typeof v === "string")
  );
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, "0");
}
