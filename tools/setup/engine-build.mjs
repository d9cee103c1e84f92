// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { goBuild } from "./go-build.mjs";
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
  for (const { folder, module, program } of modules) {
    const cwd = join(sources, folder);
    const version = requiredVersion(readFileSync(join(cwd, "go.mod"), "utf8"), module);
    const variables = { [versionVariable]: version };
    await goBuild(cwd, { program: `${module}/${program}`, output: `${bin}/`, variables });
  }
}
