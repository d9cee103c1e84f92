// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ReadOptions } from "./cli";

/** Where an import was written. */
export interface WrittenPlace {
  readonly directory: string;
  /** The folder of the Pulumi project that `directory` is in. */
  readonly project: string;
  readonly isNew: boolean;
  readonly importFile: string;
}

/** What is to be done by hand now, for somebody in the folder `from`: at most three commands. */
export function nextSteps(options: ReadOptions, place: WrittenPlace, from: string): string[] {
  const { directory, project, isNew, importFile } = place;
  const where = path.relative(from, project);
  const below = path.relative(project, directory);
  const file = path.join(below, importFile);
  const configure = ["npx", "pulumi-mesos", "configure", ...sameMarathon(options, from)];
  const takeOver = ["pulumi", "import", "--file", file, "--generate-code=false", "--protect=false"];
  return [
    ...(below === ""
      ? []
      : ["", `The project's program takes it in by: import "./${below.split(path.sep).join("/")}";`]),
    "",
    `Next${where === "" ? "" : `, in ${where}`}:`,
    ...setUp(project, isNew).map((line) => `  ${line}`),
    `  ${commandLine(configure)}`,
    `  ${commandLine(takeOver)} && pulumi preview`,
  ];
}

function setUp(project: string, isNew: boolean): string[] {
  if (isNew && dependsOnUs(project)) return ["npm install && pulumi stack select --create dev"];
  if (isNew) return ["npm install pulumi-mesos && pulumi stack select --create dev"];
  return dependsOnUs(project) ? [] : ["npm install pulumi-mesos"];
}

function dependsOnUs(project: string): boolean {
  const file = path.join(project, "package.json");
  return existsSync(file) && readFileSync(file, "utf8").includes('"pulumi-mesos"');
}

/** The arguments with which another command reads the same things. */
function sameMarathon(options: ReadOptions, from: string): string[] {
  const files = { "password-file": options.passwordFile, "token-file": options.tokenFile };
  const pem = { ca: options.ca, cert: options.cert, key: options.key };
  return [
    ...options.marathon.flatMap((url) => ["--marathon", url]),
    ...(options.user === undefined ? [] : ["--user", options.user]),
    ...Object.entries({ ...files, ...pem }).flatMap(([flag, file]) =>
      file === undefined ? [] : [`--${flag}`, path.resolve(from, file)],
    ),
    ...(options.insecure === true ? ["--insecure"] : []),
    ...(options.group === "/" ? [] : ["--group", options.group]),
  ];
}

/** Words as a shell takes them, quoted where they must be. */
function commandLine(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:@,=+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}
