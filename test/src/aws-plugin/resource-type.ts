// SPDX-License-Identifier: Apache-2.0
import type { OutputInstance, Resource } from "@pulumi/pulumi";
import type { Service } from "./clients";

/** Properties of a resource as the engine has them. */
export type Bag = Readonly<Record<string, unknown>>;

/** A command of the AWS SDK. */
export interface Command {
  readonly input: object;
  resolveMiddleware(stack: never, configuration: never, options: never): Sends;
}

type Sends = (request: never) => Promise<{ output: object }>;

/** What AWS answers to a command. */
export type Answer<C extends Command> = Awaited<ReturnType<ReturnType<C["resolveMiddleware"]>>>["output"];

/**
 * One type of resource, as far as `examples/aws` uses it. Everything is a pure function from properties to commands; what
 * `make` and `finish` leave unread of a program's properties is refused.
 */
export interface ResourceType<Args, Make extends Command, Look extends Command> {
  readonly service: Service;
  /** Whether it gets a name where the program gives none: by its `namePrefix`, or by the resource's name. */
  readonly named?: true;
  /** Properties that only say how it is changed or ended. */
  readonly aside?: readonly (keyof Args)[];
  readonly make: (inputs: Args, name: string) => Make;
  readonly id: (made: Answer<Make>, inputs: Args) => string | undefined;
  /** What more it takes until it is as declared. */
  readonly finish?: (inputs: Args, id: string, made: Answer<Make>) => readonly Command[];
  readonly look: (id: string, state: State<Args>) => Look;
  /** What AWS says of it; nothing when it is gone. */
  readonly see: (looked: Answer<Look>, id: string, state: State<Args>) => Seen<Args> | undefined;
  /** Properties that can change, and how; a change of any other makes a new one. */
  readonly changes?: readonly (keyof Args)[];
  readonly change?: (inputs: Args, id: string, old: Bag) => readonly Command[];
  readonly unmake: (id: string, state: State<Args>) => readonly Command[];
}

/** Inputs with what AWS computes. */
export type State<Args> = Args & { readonly name: string };

/** Properties of the declaration as AWS has them, and computed ones. */
export type Seen<Args> = Partial<Args> | Bag;

// biome-ignore lint/suspicious/noExplicitAny: one table holds types of different properties and answers.
export type AnyType = ResourceType<any, any, any>;

/** Arguments as the engine sends them: what waits for something, and resources, are plain values by then. */
export type Plain<T> = T extends Promise<unknown> | OutputInstance<unknown> | Resource
  ? never
  : T extends object
    ? { [Key in keyof T]: Plain<T[Key]> }
    : T;

/** One function, as far as `examples/aws` calls it. */
export interface FunctionType<Args, Ask extends Command> {
  readonly service: Service;
  readonly ask: (inputs: Args) => Ask;
  readonly answer: (asked: Answer<Ask>) => Bag;
}

// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyFunction = FunctionType<any, any>;

/** An entry of the table of functions, with arguments as `@pulumi/aws` declares them. */
export function functionType<Args extends object>() {
  return <Ask extends Command>(entry: FunctionType<Plain<Args>, Ask>): AnyFunction => entry;
}

/** An entry of the table, with properties as `@pulumi/aws` declares them. */
export function type<Args extends object>() {
  return <Make extends Command, Look extends Command>(
    entry: ResourceType<Plain<Args>, Make, Look>,
  ): AnyType => entry;
}

/** What the only one of a list is seen as. */
export function first<One, As>(list: readonly One[] | undefined, as: (one: One) => As): As | undefined {
  const [one] = list ?? [];
  return one === undefined ? undefined : as(one);
}

/** Paths of the properties that a type does not carry: those that stand in none of its commands. */
export function uncarried(entry: AnyType, inputs: Bag): string[] {
  const aside = new Set(["name", "namePrefix", ...(entry.aside ?? [])].map((key) => `.${String(key)}`));
  const left = unread(inputs, (watched) => [
    entry.make(watched, ""),
    ...(entry.finish?.(watched, "", {}) ?? []),
  ]);
  return left.filter((path) => !aside.has(path));
}

/** Paths of the arguments of a function that do not stand in its command. */
export function unasked(entry: AnyFunction, inputs: Bag): string[] {
  return unread(inputs, (watched) => [entry.ask(watched)]);
}

function unread(inputs: Bag, commandsOf: (watched: unknown) => readonly Command[]): string[] {
  const seen = new Set<string>();
  for (const { input } of commandsOf(watch(inputs, "", seen))) JSON.stringify(input);
  return leaves(inputs, "").filter((path) => !seen.has(path));
}

function watch(value: unknown, path: string, seen: Set<string>): unknown {
  if (typeof value !== "object" || value === null) {
    seen.add(path);
    return value;
  }
  return new Proxy(value, {
    get(target, key, receiver) {
      const inner: unknown = Reflect.get(target, key, receiver);
      if (typeof key === "symbol" || typeof inner === "function") return inner;
      if (Array.isArray(target) && key === "length") seen.add(path);
      return watch(inner, `${path}.${key}`, seen);
    },
    ownKeys(target) {
      // Whoever lists the keys takes whatever there is.
      seen.add(path);
      return Reflect.ownKeys(target);
    },
  });
}

function leaves(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value);
  return inner.length === 0 ? [path] : inner.flatMap(([key, one]) => leaves(one, `${path}.${key}`));
}
