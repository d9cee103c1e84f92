// SPDX-License-Identifier: Apache-2.0
import type { Properties } from "./resource";

/** What we read of a JSON Schema (TypeBox schemas are such). */
interface Node {
  /** The type's own token, where the model gives it one. */
  readonly $id?: string;
  /** The token of the type that this one stands in. */
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
}

/** Turns JSON Schemas into Pulumi's, gathering a named type for every nested object. */
export class SchemaTypes {
  private readonly types = new Map<string, Properties>();

  /** The properties of an object schema; `token` is that of the resource, function or type that they belong to. */
  object(token: string, schema: Node): { properties: Properties; required: readonly string[] } {
    return {
      properties: this.properties(token, schema.properties ?? {}),
      required: [...(schema.required ?? [])],
    };
  }

  properties(token: string, nodes: Readonly<Record<string, Node>>): Properties {
    return Object.fromEntries(
      Object.entries(nodes).map(([name, node]) => {
        const description = describe(node);
        return [
          name,
          {
            ...this.type(`${token}${name.charAt(0).toUpperCase()}${name.slice(1)}`, node),
            ...(description === undefined ? {} : { description }),
          },
        ];
      }),
    );
  }

  /** All nested types, by token. */
  all(): Properties {
    return Object.fromEntries([...this.types].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private type(token: string, node: Node): Properties {
    if (node.$ref !== undefined) return { $ref: `#/types/${node.$ref}` };
    if (node.anyOf !== undefined) return this.union(token, node.anyOf);
    if (node.const !== undefined) return { type: typeof node.const };
    if (node.type === "array") return { type: "array", items: this.type(token, node.items ?? {}) };
    if (node.type === "object") return this.objectType(token, node);
    if (["string", "number", "integer", "boolean"].includes(node.type ?? "")) return { type: node.type };
    return { $ref: "pulumi.json#/Any" };
  }

  private objectType(given: string, node: Node): Properties {
    const token = node.$id ?? given;
    if (this.types.has(token)) return { $ref: `#/types/${token}` };
    if (node.properties !== undefined && Object.keys(node.properties).length > 0) {
      const { properties, required } = this.object(token, node);
      const { description } = node;
      this.types.set(token, {
        type: "object",
        ...(description === undefined ? {} : { description }),
        properties,
        required,
      });
      return { $ref: `#/types/${token}` };
    }
    const values = Object.values(node.patternProperties ?? {})[0] ?? node.additionalProperties;
    return {
      type: "object",
      additionalProperties:
        typeof values === "object" ? this.type(token, values) : { $ref: "pulumi.json#/Any" },
    };
  }

  /** Literals of one type are that type (the values are checked by the plugin); other variants stand side by side. */
  private union(token: string, variants: readonly Node[]): Properties {
    const types = new Map(
      variants.map((variant, i) => {
        const type = this.type(variant.type === "object" ? `${token}${i + 1}` : token, variant);
        return [JSON.stringify(type), type] as const;
      }),
    );
    const [only, ...others] = [...types.values()];
    return others.length === 0 && only !== undefined ? only : { oneOf: [...types.values()] };
  }
}

/** The plugin and its programs fill defaults in: for a language's SDK they are words, not values. */
function describe(node: Node): string | undefined {
  const words = [
    node.description,
    node.default === undefined ? undefined : `Default: ${String(node.default)}.`,
  ];
  const text = words.filter((w) => w !== undefined).join(" ");
  return text === "" ? undefined : text;
}
