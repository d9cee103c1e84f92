// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { type ProcessSpec, resourceTokens } from "@pulumi-mesos/model";
import { pluginOptions } from "./plugin-options";

/** A text file that a {@link Process} reads; see `ConfigFile` of the model for path and mode. */
export interface ProcessFile {
  readonly path: string;
  readonly content: pulumi.Input<string>;
  /** Permission bits in octal. @default "600" */
  readonly mode?: string;
}

/** What a {@link Process} runs. */
export interface ProcessArgs {
  /** Identity on this machine, unique in the stack. @default the resource's name */
  readonly name?: string;
  /** Program and arguments. Never a secret: every user of the machine can read them. */
  readonly command: pulumi.Input<pulumi.Input<string>[]>;
  /** The whole environment but for PATH; may be secret. @default empty */
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** @default the process's own directory */
  readonly cwd?: pulumi.Input<string>;
  readonly files?: readonly ProcessFile[];
  /** Name of the {@link Volume} that `{data}` stands for. */
  readonly volume?: pulumi.Input<string>;
  /** Addresses that must be free before the start. */
  readonly listen?: NonNullable<ProcessSpec["listen"]>;
  readonly ready?: NonNullable<ProcessSpec["ready"]>;
  /** @default SIGTERM, 10 s */
  readonly stop?: NonNullable<ProcessSpec["stop"]>;
  /** @default "always" */
  readonly restart?: NonNullable<ProcessSpec["restart"]>;
}

/**
 * A supervised process on the machine where Pulumi runs. It outlives the engine, is restarted when it dies, and a dead
 * one is drift that the next `up` repairs.
 *
 * @example
 * new Process("hello", { command: ["python3", "-m", "http.server", "8000", "--bind", "127.77.9.1"] });
 */
export class Process extends pulumi.CustomResource {
  /** Changes only when the process is replaced, not when it is restarted. */
  declare readonly incarnation: pulumi.Output<string>;
  declare readonly running: pulumi.Output<boolean>;

  constructor(name: string, args: ProcessArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, name: args.name ?? name, incarnation: undefined, running: undefined };
    super(resourceTokens.process, name, inputs, pluginOptions(opts));
  }
}
