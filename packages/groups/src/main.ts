// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import pino from "pino";
import { parseOptions } from "./options";
import { printDryRun, runGroups } from "./program";

const options = parseOptions(process.argv.slice(2));
// What a dry run prints stands alone on stdout.
const log = pino(
  { base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
  pino.destination(options.dryRun === true ? 2 : 1),
);
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
process.on("SIGINT", () => stop.abort());
const around = { env: process.env, log, out: (line: string) => console.log(line) };
const work =
  options.dryRun === true
    ? printDryRun(options, around, stop.signal)
    : runGroups(options, process.env, log, stop.signal);
work.then(
  () => process.exit(0),
  (error: unknown) => {
    log.error({ reason: messageOf(error) }, "cannot go on");
    process.exit(1);
  },
);
