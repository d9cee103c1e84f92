// SPDX-License-Identifier: Apache-2.0
import { pino } from "pino";
import { systemClock } from "./clock";
import { marathonSource } from "./discovery/marathon-source";
import { createEdge } from "./edge";
import { findHaproxy } from "./haproxy/find-haproxy";
import type { EdgeOptions } from "./options";
import { noStats, statsd } from "./stats";

/** Starts an edge that logs to stdout; the returned function ends it. */
export async function run(
  options: EdgeOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<() => Promise<void>> {
  const log = pino({ name: "mesos-edge", base: null });
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
