// SPDX-License-Identifier: Apache-2.0

// Runs the official installer: node engine-install.mjs FOLDER puts the engine of the SDK's own version into FOLDER/bin.

import { createRequire } from "node:module";
import { join } from "node:path";

// A closed network may swallow packets; the installer itself would wait for minutes.
const probeTimeoutMs = 5_000;

try {
  await fetch("https://get.pulumi.com/install.sh", {
    method: "HEAD",
    signal: AbortSignal.timeout(probeTimeoutMs),
  });
  const require = createRequire(join(process.cwd(), "package.json"));
  const { PulumiCommand } = require("@pulumi/pulumi/automation/cmd.js");
  await PulumiCommand.install({ root: process.argv[2] });
} catch (error) {
  const reason = error.cause?.code ?? error.cause?.message ?? String(error.message).trim().split("\n").at(-1);
  process.stderr.write(`get.pulumi.com: ${reason}\n`);
  process.exitCode = 1;
}
