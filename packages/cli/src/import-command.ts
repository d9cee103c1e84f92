// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import path from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { ReadOptions, Surroundings } from "./cli";
import { connectionOf } from "./connection";
import { importFileText } from "./import-file";
import { nextSteps } from "./next-steps";
import { type ImportedResource, planImport, secretsOf } from "./plan";
import { programFiles } from "./program-text";
import { findProject, projectFiles } from "./project-files";
import { readMarathon } from "./read-marathon";
import { refuseExisting, writeFiles } from "./write-files";

/** What `pulumi-mesos import` is told. */
export interface ImportOptions extends ReadOptions {
  readonly out: string;
  readonly force?: boolean;
}

const importFile = "resources.json";

/** Writes the program, the import file and, where there is no project, the files around them. */
export async function importCommand(options: ImportOptions, around: Surroundings): Promise<void> {
  const directory = path.resolve(around.directory, options.out);
  const connection = connectionOf(options, around);
  const snapshot = await readMarathon(connection, options.group, around.signal);
  const plan = planImport(snapshot);
  const origin = connection.urls.join(", ");
  for (const warning of plan.warnings) around.err(`warning: ${warning}`);
  if (plan.resources.length === 0) {
    const where = options.group === "/" ? origin : `${origin} in ${options.group}`;
    throw new MesosError("MESOS_CLI_NOTHING", `nothing to import at ${where}`);
  }
  const own = new Map([
    ...programFiles(plan.resources, origin),
    [importFile, importFileText(plan.resources)],
  ]);
  if (options.force !== true) refuseExisting(directory, own.keys());
  const project = findProject(directory);
  const missing = [...projectFiles(directory)].filter(
    ([file]) => project === undefined && !existsSync(path.join(directory, file)),
  );
  writeFiles(directory, new Map([...own, ...missing]));
  around.out(`Marathon ${snapshot.info.version} at ${origin}: ${counted(plan.resources)}`);
  around.out(`wrote ${[...own.keys(), ...missing.map(([file]) => file)].join(", ")} to ${directory}`);
  const secrets = secretsOf(plan).length;
  if (secrets > 0) {
    around.out(
      `values that look like secrets: ${secrets}; the program reads them from the stack's configuration`,
    );
  }
  const place = { directory, project: project ?? directory, isNew: project === undefined, importFile };
  for (const line of nextSteps(options, place, around.directory)) around.out(line);
}

function counted(resources: readonly ImportedResource[]): string {
  const words = (["group", "app", "pod"] as const).flatMap((word) => {
    const count = resources.filter(({ kind }) => kind.word === word).length;
    return count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`];
  });
  return words.join(", ");
}
