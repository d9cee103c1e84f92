// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** Text of the file that an option names. */
export function readOptionFile(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `${flag}: ${path} cannot be read: ${messageOf(error)}`;
    throw new MesosError("MESOS_EDGE_OPTIONS", message, { cause: error });
  }
}
