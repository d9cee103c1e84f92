// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** Which of these files are there, as an error that says how to go on; nothing is written then. */
export function refuseExisting(directory: string, files: Iterable<string>): void {
  const there = [...files].filter((file) => existsSync(path.join(directory, file)));
  if (there.length === 0) return;
  throw new MesosError(
    "MESOS_CLI_EXISTS",
    `${there.join(", ")}: exists in ${directory}; choose another folder by --out, or overwrite by --force`,
  );
}

/** Writes the files below `directory`, which is made where it is missing. */
export function writeFiles(directory: string, files: ReadonlyMap<string, string>): void {
  for (const [file, text] of files) {
    const target = path.join(directory, file);
    try {
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, text);
    } catch (error) {
      throw new MesosError("MESOS_CLI_WRITE", `${target}: cannot be written: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}
