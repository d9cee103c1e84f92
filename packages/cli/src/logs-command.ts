// SPDX-License-Identifier: Apache-2.0
import { MesosError, nearest } from "@pulumi-mesos/model";
import type { Surroundings } from "./cli";
import { usage } from "./connection";
import { printContainer } from "./container-log";
import { LogFile } from "./log-file";
import { type PlaceOptions, stackPlaces } from "./places";

export interface LogsOptions extends Pick<PlaceOptions, "stack" | "cwd"> {
  readonly follow?: boolean;
  readonly lines: string;
}

/** Prints a node's log, of which the state tells where it is. */
export async function logsCommand(node: string, options: LogsOptions, around: Surroundings): Promise<void> {
  if (!/^\d{1,7}$/.test(options.lines)) throw usage(`--lines: must be a number, got ${options.lines}`);
  const { title, logs } = await stackPlaces(options, around);
  const place = logs.get(node);
  if (place === undefined) throw unknownNode(node, title, [...logs.keys()]);
  if ("container" in place) await printContainer(node, place, options, around);
  else await printFile(node, place.file, options, around);
}

async function printFile(
  node: string,
  path: string,
  options: LogsOptions,
  around: Surroundings,
): Promise<void> {
  const log = LogFile.open(path);
  if (log === undefined) {
    throw new MesosError(
      "MESOS_CLI_NODE",
      `${node}: there is no log at ${path}; is this the machine where it runs, and does it run?`,
    );
  }
  try {
    for (const line of log.last(Number(options.lines))) around.out(line);
    if (options.follow === true) {
      await log.follow(around.out, around.signal);
      if (!around.signal.aborted) around.err(`${node}: its log was removed, as when a node is replaced`);
    } else if (log.rest !== "") {
      around.out(log.rest);
    }
  } finally {
    log.close();
  }
}

function unknownNode(node: string, title: string, known: readonly string[]): MesosError {
  if (known.length === 0) {
    return new MesosError(
      "MESOS_CLI_NODE",
      `${title} has no node on this machine or on Docker; on AWS a machine's log is its journal (journalctl there)`,
    );
  }
  const meant = nearest(node, known);
  const hint = meant === undefined ? `there are ${known.join(", ")}` : `did you mean ${meant}?`;
  return new MesosError("MESOS_CLI_NODE", `${node}: ${title} has no such node; ${hint}`);
}
