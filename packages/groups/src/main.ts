// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import pino from "pino";
import { parseOptions } from "./options";
import { runGroups } from "./program";

const options = parseOptions(process.argv.slice(2));
const log = pino({ base: undefined, timestamp: pino.stdTimeFunctions.isoTime });
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
process.on("SIGINT", () => stop.abort());
runGroups(options, process.env, log, stop.signal).then(
  () => process.exit(0),
  (error: unknown) => {
    log.error({ reason: messageOf(error) }, "cannot go on");
    process.exit(1);
  },
);
