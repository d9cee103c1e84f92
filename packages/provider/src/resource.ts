// SPDX-License-Identifier: Apache-2.0
import type { Failure, ObjectSchema } from "@pulumi-mesos/model";
import type { ProviderConfig } from "./config";
import type { Difference } from "./differences";
import type { UrnParts } from "./urn";

/**
 * A property bag in plain values. Secrets arrive unwrapped and leave wrapped again where they were; in check, diff and
 * preview any value may be `computed` (see the model), elsewhere none is.
 */
export type Properties = Readonly<Record<string, unknown>>;

/** The part of JSON Schema that describes an output; TypeBox schemas fit. */
export interface OutputSchema {
  readonly type?: string;
  readonly description?: string;
  readonly items?: OutputSchema;
  readonly properties?: Readonly<Record<string, OutputSchema>>;
  readonly required?: readonly string[];
  /** Whether it may be left out. @default false */
  readonly optional?: boolean;
}

/** What surrounds one call. */
export interface Context {
  /** Aborted on Cancel, when the engine goes away, and after `timeoutSeconds`. */
  readonly signal: AbortSignal;
  readonly urn: UrnParts;
  readonly config: ProviderConfig;
  readonly timeoutSeconds: number;
  /** Property paths whose changes the program ignores: what runs is right there. */
  readonly ignoreChanges: readonly string[];
  /** The plugin's own environment: for finding programs and state, never for handing on. */
  readonly environment: NodeJS.ProcessEnv;
  /**
   * More time, from now, to put things back once the operation's own is over: for a signal that lasts so long, or
   * until Cancel.
   */
  windUp(seconds: number): AbortSignal;
  /** Shows one line beside the resource while it is being changed; the next one takes its place. */
  progress(line: string): void;
  /** Shows one line that stays in the diagnostics. */
  warn(line: string): void;
}

/** Asks whether inputs are right. The schema has been checked: what did not fit stands as `computed` here. */
export interface CheckRequest {
  readonly urn: UrnParts;
  readonly inputs: Properties;
  /** The inputs of the resource as it is; undefined before it is made. */
  readonly oldInputs: Properties | undefined;
  /** Whether anything at or below this property path (`env.PASSWORD`) is secret. */
  isSecret(path: string): boolean;
}

export interface CheckResult {
  /** The inputs to go on with: as given, or with defaults filled in. */
  readonly inputs: Properties;
  readonly failures: readonly Failure[];
}

export interface DiffRequest<I, S> {
  readonly id: string;
  readonly urn: UrnParts;
  readonly oldInputs: I;
  readonly state: S;
  /** The new inputs, with `computed` where they are not known. */
  readonly inputs: Properties;
}

export interface DiffResult {
  readonly differences: readonly Difference[];
  /** One line for the preview: what the change does to what runs. Never holds a value that may be secret. */
  readonly summary?: string;
  /** @default false */
  readonly deleteBeforeReplace?: boolean;
}

export interface CreateResult<O> {
  readonly id: string;
  readonly outputs: O;
}

export interface ReadRequest<I, S> {
  readonly id: string;
  /** What the state holds; undefined on import. */
  readonly known: { readonly inputs: I; readonly state: S } | undefined;
  /** Whether anything at or below this property path of what is known is secret. @default nothing is */
  isSecret?(path: string): boolean;
}

export interface ReadResult<I, O> {
  readonly id: string;
  readonly inputs: I;
  readonly outputs: O;
  /** Property paths that are secret although the state does not say so: of an import, or where elements of lists moved. */
  readonly secrets?: readonly string[];
}

/** How long each verb may take when the program sets no `customTimeouts`, in seconds. */
export interface Timeouts {
  readonly create: number;
  readonly read: number;
  readonly update: number;
  readonly delete: number;
}

/**
 * One resource of the plugin: a file in `resources/` and a line in `dispatch.ts`.
 *
 * `I` are its inputs, `O` what it adds to them; the state that the engine keeps is both together. `check`, `diff` and
 * `preview` do no I/O. `create`, `read`, `update` and `delete` throw a MesosError whose message is shown as it is, or
 * {@link InitFailedError} when something was made that must not be forgotten.
 */
export interface Resource<I extends Properties = Properties, O extends Properties = Properties> {
  /** Markdown for the package schema. */
  readonly description: string;
  readonly inputs: ObjectSchema;
  readonly outputs: Readonly<Record<string, OutputSchema>>;
  readonly timeouts: Timeouts;
  /** Whether a plain `up` reads before it compares, so that drift is repaired. @default false */
  readonly refreshBeforeUpdate?: boolean;
  /** Rules beyond the schema, and defaults. @default the inputs as given */
  check?(request: CheckRequest): CheckResult;
  diff(request: DiffRequest<I, I & O>): DiffResult;
  /** The outputs as far as they follow from inputs (and, for an update, the state). @default all `computed` */
  preview?(inputs: Properties, urn: UrnParts, state: (I & O) | undefined): Properties;
  /** One line for the preview of a creation: what no input says by itself. Never holds a value that may be secret. */
  announce?(inputs: Properties): string | undefined;
  /**
   * What is added to the summary of the preview of an update, once all inputs are known, from what runs now; it may only
   * read. What it throws stands there instead.
   */
  foresee?(id: string, state: I & O, inputs: I, context: Context): Promise<string | undefined>;
  create(inputs: I, context: Context): Promise<CreateResult<O>>;
  /** What there is now; undefined when it is gone. */
  read(request: ReadRequest<I, I & O>, context: Context): Promise<ReadResult<I, O> | undefined>;
  update(id: string, state: I & O, inputs: I, context: Context): Promise<O>;
  /** Succeeds when it is gone already. */
  delete(id: string, state: I & O, context: Context): Promise<void>;
}

/** One function of the plugin: a file in `functions/` and a line in `dispatch.ts`. */
export interface ProviderFunction<A extends Properties = Properties, R extends Properties = Properties> {
  readonly description: string;
  readonly inputs: ObjectSchema;
  readonly outputs: OutputSchema & Required<Pick<OutputSchema, "properties">>;
  readonly timeoutSeconds: number;
  call(args: A, context: Omit<Context, "urn">): Promise<R>;
}
