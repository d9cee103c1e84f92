// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { describeFailures, type Failure, type Flags, isMesosError } from "@pulumi-mesos/model";
import { OneLineError } from "./one-line-error";

/** Arguments that cannot work. */
export class InvalidArgsError extends OneLineError {
  readonly failures: readonly Failure[];

  constructor(resource: pulumi.Resource | undefined, failures: readonly Failure[]) {
    super(describeFailures(failures), resource);
    this.failures = failures;
  }
}

/** One rule about arguments: what is wrong, where, and when. */
export interface Rule {
  readonly path: string;
  readonly when: boolean;
  readonly message: string;
}

/** Fails with an {@link InvalidArgsError} that names every broken rule at once. */
export function validate(resource: pulumi.Resource | undefined, rules: readonly Rule[]): void {
  const failures = rules.filter((rule) => rule.when).map(({ path, message }) => ({ path, message }));
  if (failures.length > 0) {
    throw new InvalidArgsError(resource, failures);
  }
}

/** A number of members: 1 or more, and no more than `most`. */
export function sizeRule(path: string, size: number, most: number): Rule {
  return {
    path,
    when: !(Number.isInteger(size) && size >= 1 && size <= most),
    message: `must be a whole number from 1 to ${most}, got ${describeValue(size)}`,
  };
}

/** A received value on one line, for a message. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (pulumi.Output.isInstance(value)) return "an Output, whose value a preview may not know";
  return JSON.stringify(value) ?? String(value);
}

/** What the model answers; what it refuses becomes an {@link InvalidArgsError}, so that it is printed as one line, too. */
export function lifted<T>(resource: pulumi.Resource | undefined, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!isMesosError(error)) throw error;
    throw new InvalidArgsError(resource, [{ path: "", message: error.message }]);
  }
}

/** The rules of flags set by hand: written as the model wants them, and none that this project computes. */
export function flagRules(path: string, flags: Flags, reserved: readonly string[]): Rule[] {
  return Object.entries(flags).flatMap(([flag, value]) => [
    {
      path: `${path}.${flag}`,
      when: reserved.includes(flag),
      message: `follows from the program and cannot be set, got ${describeValue(value)}; leave it out`,
    },
    {
      path: `${path}[${JSON.stringify(flag)}]`,
      when: !/^[A-Za-z][\w.-]*$/.test(flag),
      message: "must be a flag's name without dashes, such as offer_timeout",
    },
    {
      path: `${path}.${flag}`,
      when: !["string", "number", "boolean"].includes(typeof value),
      message: `must be a plain string, number or boolean, got ${describeValue(value)}`,
    },
  ]);
}
