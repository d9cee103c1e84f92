// SPDX-License-Identifier: Apache-2.0

import { basename } from "node:path";
import { SetupError } from "./report.mjs";
import { findProgram, pathFolders, run, tail } from "./run.mjs";

/**
 * Builds one program of a Go module whose dependencies are pinned by its go.mod and go.sum.
 * @param {string} cwd the module's folder
 * @param {{ program: string, output: string, variables: Record<string, string>, flags?: string[] }} what
 *   program: an import path, or "." for the module itself; variables: texts that are set when it is linked
 */
export async function goBuild(cwd, { program, output, variables, flags = [] }) {
  const go = findProgram("go", [...pathFolders(), "/usr/local/go/bin", "/usr/lib/go/bin"]);
  if (go === undefined) throw new SetupError("there is no go command to build it with");
  // The user's own settings for his Go work must not change what is built; without cgo no C compiler is needed.
  const env = { ...process.env, GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off", CGO_ENABLED: "0" };
  const link = ["-s", "-w", ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)];
  const args = ["build", "-trimpath", ...flags, "-ldflags", link.join(" "), "-o", output, program];
  // As a group, because a stopped `go build` leaves its compilers running.
  const { code, output: said } = await run(go, args, { cwd, env, group: true });
  if (code !== 0)
    throw new SetupError(`go build of ${basename(cwd)} failed (${tail(said, 3).replaceAll("\n", "; ")})`);
}
