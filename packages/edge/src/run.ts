// SPDX-License-Identifier: Apache-2.0
import { type Logger, pino } from "pino";
import { systemClock } from "./clock";
import { marathonSource } from "./discovery/marathon-source";
import { createEdge } from "./edge";
import { findHaproxy } from "./haproxy/find-haproxy";
import type { EdgeOptions } from "./options";
import { noStats, statsd } from "./stats";

/** To stdout and, where one is named, to a file; whatever rotates the file must copy and truncate it. */
function logTo(file: string | undefined): Logger {
  const settings = { name: "mesos-edge", base: null };
  if (file === undefined) return pino(settings);
  const streams = [{ stream: process.stdout }, { stream: pino.destination({ dest: file, append: true }) }];
  return pino(settings, pino.multistream(streams));
}

/** Starts an edge that logs to stdout and to the file that it is told; the returned function ends it. */
export async function run(
  options: EdgeOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<() => Promise<void>> {
  const log = logTo(options.log);
  const program = await findHaproxy(env);
  const stats = options.statsd ? statsd(options.statsd, log) : noStats;
  const source = marathonSource(options, { log });
  const edge = createEdge(options, { source, program, clock: systemClock, log, stats });
  const { host, port } = await edge.listen();
  log.info({ host, port, haproxy: program.file }, "listening");
  return async () => {
    log.info({}, "ending");
    await edge.close();
    stats.close();
  };
}
