// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./report.mjs";
import { findProgram, pathFolders, run, tail } from "./run.mjs";
import { requiredVersion } from "./version.mjs";

// Each in a Go module of its own: the host left the SDK's module after 3.68, and would hold the engine's SDK back there.
const modules = [
  { folder: "pulumi", module: "github.com/pulumi/pulumi/pkg/v3", program: "cmd/pulumi" },
  {
    folder: "language-nodejs",
    module: "github.com/pulumi/pulumi/sdk/v3",
    program: "nodejs/cmd/pulumi-language-nodejs",
  },
];
const versionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** Builds the engine and its Node language host from the Go modules pinned under tools/engine. */
export async function buildEngine(sources, bin) {
  const go = findProgram("go", [...pathFolders(), "/usr/local/go/bin", "/usr/lib/go/bin"]);
  if (go === undefined) throw new SetupError("there is no go command to build it with");
  // The user's own settings for his Go work must not change what is built; without cgo no C compiler is needed.
  const env = { ...process.env, GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off", CGO_ENABLED: "0" };
  for (const { folder, module, program } of modules) {
    const cwd = join(sources, folder);
    const version = requiredVersion(readFileSync(join(cwd, "go.mod"), "utf8"), module);
    const flags = ["-trimpath", "-ldflags", `-s -w -X ${versionVariable}=${version}`];
    const args = ["build", ...flags, "-o", `${bin}/`, `${module}/${program}`];
    // As a group, because a stopped `go build` leaves its compilers running.
    const { code, output } = await run(go, args, { cwd, env, group: true });
    if (code !== 0)
      throw new SetupError(`go build of ${folder} failed (${tail(output, 3).replaceAll("\n", "; ")})`);
  }
}
