// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import { fromValues, type Quantities } from "../protocol/quantities";
import type { Value } from "../protocol/types";

/** `cpus:0.01|mem:32`: at least one of these sets must be in an offer. */
export function parseMinAllocatable(text: string): readonly Quantities[] {
  return text
    .split("|")
    .filter((part) => part.trim() !== "")
    .map((part) => fromValues(valuesOf(part, text)));
}

function valuesOf(part: string, text: string): Record<string, Value<number>> {
  return Object.fromEntries(
    part.split(";").map((item) => {
      const match = /^\s*([^\s:]+)\s*:\s*(\d+(?:\.\d+)?)\s*$/.exec(item);
      if (match === null) {
        throw new MesosError(
          "MESOS_SIMULATOR_FLAG",
          `expected quantities such as cpus:0.01|mem:32, got '${text}'`,
        );
      }
      return [match[1] ?? "", { value: Number(match[2]) }];
    }),
  );
}
