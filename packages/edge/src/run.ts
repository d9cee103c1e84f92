// SPDX-License-Identifier: Apache-2.0
import { pino } from "pino";
import { systemClock } from "./clock";
import { marathonSource } from "./discovery/marathon-source";
import { createEdge } from "./edge";
import { findHaproxy } from "./haproxy/find-haproxy";
import type { EdgeOptions } from "./options";

/** Starts an edge that logs to stdout; the returned function ends it. */
export async function run(
  options: EdgeOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<() => Promise<void>> {
  const log = pino({ name: "mesos-edge", base: null });
  const program = await findHaproxy(env);
  const edge = createEdge(options, { source: marathonSource(options), program, clock: systemClock, log });
  const { host, port } = await edge.listen();
  log.info({ host, port, haproxy: program.file }, "listening");
  return async () => {
    log.info({}, "ending");
    await edge.close();
  };
}
