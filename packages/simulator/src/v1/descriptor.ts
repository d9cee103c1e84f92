// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

const scalars = ["double", "int32", "uint32", "int64", "uint64", "bool", "string", "bytes"] as const;

/** The scalar types that the protocol uses. */
export type Scalar = (typeof scalars)[number];

export interface EnumType {
  readonly kind: "enum";
  readonly name: string;
  readonly byName: ReadonlyMap<string, number>;
  readonly byNumber: ReadonlyMap<number, string>;
}

export interface MessageType {
  readonly kind: "message";
  readonly name: string;
  /** As declared: JSON answers keep this order. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
}

/** A field; of a map, `type` is the values' (keys are text). */
export interface Field {
  readonly name: string;
  readonly number: number;
  readonly label: "required" | "optional" | "repeated" | "map";
  readonly type: Scalar | EnumType | MessageType;
  /** What answers in JSON say when it is not set, in JSON: its default, unless it is deprecated. */
  readonly fallback: string | undefined;
}

interface Named {
  readonly type: EnumType | MessageType;
}

/** Adds a field once every type is known. */
type Later = () => void;

const tokens = /\/\/[^\n]*|"[^"]*"|[A-Za-z_][\w.]*|-?\d[\w.]*|[{}=;<>,[\]]/g;

/**
 * Reads `.proto` files of the kind that lies in this package's `proto/` (proto2, no extensions, no services, text keys in maps).
 *
 * protobufjs can read them too, and the tests compare with it, but takes 100 ms of start time where this takes 10.
 */
export function parseProtos(texts: readonly string[]): ReadonlyMap<string, EnumType | MessageType> {
  const names = new Map<string, Named>();
  const later: Later[] = [];
  for (const text of texts) new ProtoReader(text, names, later).file();
  for (const step of later) step();
  return new Map([...names].map(([name, { type }]) => [name, type]));
}

function resolve(names: ReadonlyMap<string, Named>, scope: string, name: string): Field["type"] {
  if ((scalars as readonly string[]).includes(name)) return name as Scalar;
  for (let at = scope; ; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const found = names.get(at === "" ? name : `${at}.${name}`);
    if (found !== undefined) return found.type;
    if (at === "") throw new MesosError("MESOS_SIMULATOR_PROTO", `${scope}: unknown type ${name}`);
  }
}

class ProtoReader {
  readonly #tokens: readonly string[];
  readonly #names: Map<string, Named>;
  readonly #later: Later[];
  #at = 0;

  constructor(text: string, names: Map<string, Named>, later: Later[]) {
    this.#tokens = (text.match(tokens) ?? []).filter((token) => !token.startsWith("//"));
    this.#names = names;
    this.#later = later;
  }

  file(): void {
    let scope = "";
    while (this.#at < this.#tokens.length) {
      const word = this.#next();
      if (word === "package") scope = this.#next();
      if (word === "message") this.#message(scope);
      else if (word === "enum") this.#enum(scope);
      else this.#skipTo(";");
    }
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new MesosError("MESOS_SIMULATOR_PROTO", "a .proto file ends early");
    return token;
  }

  #skipTo(end: string): void {
    while (this.#next() !== end);
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token)
      throw new MesosError("MESOS_SIMULATOR_PROTO", `a .proto file has ${found}, not ${token}`);
  }

  #enum(scope: string): void {
    const name = `${scope}.${this.#next()}`;
    const byName = new Map<string, number>();
    const byNumber = new Map<number, string>();
    this.#expect("{");
    for (let word = this.#next(); word !== "}"; word = this.#next()) {
      this.#expect("=");
      const number = Number(this.#next());
      byName.set(word, number);
      byNumber.set(number, word);
      this.#skipTo(";");
    }
    this.#names.set(name, { type: { kind: "enum", name, byName, byNumber } });
  }

  #message(scope: string): void {
    const name = `${scope}.${this.#next()}`;
    const type = {
      kind: "message" as const,
      name,
      fields: [] as Field[],
      byName: new Map<string, Field>(),
      byNumber: new Map<number, Field>(),
    };
    this.#names.set(name, { type });
    this.#expect("{");
    for (let word = this.#next(); word !== "}"; word = this.#next()) {
      if (word === "message") this.#message(name);
      else if (word === "enum") this.#enum(name);
      else if (word === "oneof") {
        this.#next();
        this.#expect("{");
        for (let of = this.#next(); of !== "}"; of = this.#next()) this.#field(type, "optional", of);
      } else if (word === "map") {
        this.#expect("<");
        this.#expect("string");
        this.#expect(",");
        const values = this.#next();
        this.#expect(">");
        this.#field(type, "map", values);
      } else this.#field(type, word as Field["label"], this.#next());
    }
  }

  #field(
    message: MessageType & { fields: Field[]; byName: Map<string, Field>; byNumber: Map<number, Field> },
    label: Field["label"],
    typeName: string,
  ): void {
    const name = this.#next();
    this.#expect("=");
    const number = Number(this.#next());
    const options = new Map<string, string>();
    for (let token = this.#next(); token !== ";"; token = this.#next()) {
      if (token === "[" || token === "," || token === "]") continue;
      this.#expect("=");
      options.set(token, this.#next());
    }
    this.#later.push(() => {
      const type = resolve(this.#names, message.name, typeName);
      const value = options.get("deprecated") === "true" ? undefined : options.get("default");
      const fallback = value !== undefined && typeof type === "object" ? `"${value}"` : value;
      const field: Field = { name, number, label, type, fallback };
      message.fields.push(field);
      message.byName.set(name, field);
      message.byNumber.set(number, field);
    });
  }
}
