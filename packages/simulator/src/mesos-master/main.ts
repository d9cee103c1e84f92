// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from "node:crypto";
import { systemClock } from "../clock";
import { parseFlags, usageOf } from "../flags";
import { mesosVersion } from "../protocol/types";
import { surroundingsIn } from "../surroundings";
import { masterFlags, validateMasterFlags } from "./flags";
import { MasterProgram } from "./program";

const source = {
  program: "mesos-master",
  version: `mesos ${mesosVersion}`,
  argv: process.argv.slice(2),
  env: process.env,
  envPrefix: "MESOS_",
  style: "mesos",
} as const;
const log = (message: string): void => console.log(`${new Date().toISOString()} ${message}`);
const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const parsed = parseFlags(masterFlags, source);
if (parsed.kind === "print") {
  process.stdout.write(parsed.text);
} else if (parsed.kind === "fail") {
  fail(parsed.text);
} else {
  const wrong = validateMasterFlags(parsed.values);
  if (wrong.length > 0) fail(`${wrong.join("\n")}\n\n${usageOf(masterFlags, source)}`);
  const { values: flags, texts } = parsed;
  const program = new MasterProgram({
    flags,
    texts,
    clock: systemClock,
    uuid: randomUUID,
    around: surroundingsIn(process.env, fail),
    log,
    onFatal: fail,
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(
      signal,
      () =>
        void program.close().then(
          () => process.exit(0),
          (error) => fail(String(error)),
        ),
    );
  }
  program.start().catch((error: Error) => fail(`Failed to start: ${error.message}`));
}
