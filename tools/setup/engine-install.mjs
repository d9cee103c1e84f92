// SPDX-License-Identifier: Apache-2.0

// Runs the official installer: node engine-install.mjs FOLDER puts the engine of the SDK's own version into FOLDER/bin.

import { createRequire } from "node:module";
import { join } from "node:path";
import { reach, reasonOf } from "./reach.mjs";

try {
  await reach("https://get.pulumi.com/install.sh");
  const require = createRequire(join(process.cwd(), "package.json"));
  const { PulumiCommand } = require("@pulumi/pulumi/automation/cmd.js");
  await PulumiCommand.install({ root: process.argv[2] });
} catch (error) {
  process.stderr.write(`get.pulumi.com: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
