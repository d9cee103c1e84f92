// SPDX-License-Identifier: Apache-2.0
import { parseFlags, usageOf } from "../flags";
import { surroundingsIn } from "../surroundings";
import { marathonFlags, validateMarathonFlags } from "./flags";
import { MarathonProgram, marathonVersion } from "./program";

const source = {
  program: "marathon",
  version: marathonVersion,
  argv: process.argv.slice(2),
  env: {
    MARATHON_HTTP_CREDENTIALS: process.env["MESOSPHERE_HTTP_CREDENTIALS"],
    MARATHON_SSL_KEYSTORE_PATH: process.env["MESOSPHERE_KEYSTORE_PATH"],
    MARATHON_SSL_KEYSTORE_PASSWORD: process.env["MESOSPHERE_KEYSTORE_PASS"],
    ...process.env,
  },
  envPrefix: "MARATHON_",
  style: "marathon",
} as const;
const log = (message: string): void => console.log(`${new Date().toISOString()} ${message}`);
const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const parsed = parseFlags(marathonFlags, source);
if (parsed.kind === "print") {
  process.stdout.write(parsed.text);
} else if (parsed.kind === "fail") {
  fail(parsed.text);
} else {
  const wrong = validateMarathonFlags(parsed.values);
  if (wrong.length > 0) fail(`${wrong.join("\n")}\n\n${usageOf(marathonFlags, source)}`);
  const exit = (message: string): void => {
    log(`ending: ${message}`);
    process.exitCode = 1;
    void program.close().then(() => process.exit(1), fail);
  };
  // Of the libmesos in it; its own HTTPS is another matter.
  const { dial: mesosDial } = surroundingsIn(process.env, fail);
  const program = new MarathonProgram({ flags: parsed.values, log, exit, mesosDial });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void program.close().then(() => process.exit(0), fail));
  }
  program.start().catch((error: Error) => fail(`Failed to start: ${error.message}`));
}
