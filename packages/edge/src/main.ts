// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { messageOf } from "@pulumi-mesos/model";
import { readCommandLine } from "./command-line";
import { parseOptions } from "./options";

function fail(error: unknown): never {
  process.stderr.write(`mesos-edge: ${messageOf(error)}\n`);
  process.exit(1);
}

/** Runs until SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const raw = readCommandLine(process.argv.slice(2), process.env, (path) => readFileSync(path, "utf8"));
  const options = parseOptions(raw);
  // The rest is loaded only once the options are good.
  const { run } = await import("./run.js");
  const close = await run(options, process.env);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      close().then(() => process.exit(0), fail);
    });
  }
}

main().catch(fail);
