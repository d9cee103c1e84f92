// SPDX-License-Identifier: Apache-2.0
import type { MarathonOptions } from "@pulumi-mesos/client";
import { messageOf } from "@pulumi-mesos/model";
import type { Surroundings } from "./cli";
import { connectionOf } from "./connection";
import { changeFindings, type ExitCode, exitCodeOf, type Finding, healthFindings } from "./findings";
import { type Installation, wayTo } from "./installation";
import { marathonArguments } from "./member-keys";
import type { Observation } from "./observation";
import { observe } from "./observe";
import { findInstallation, type PlaceOptions } from "./places";
import { statusLines, validateLines } from "./render";

export interface StatusOptions extends PlaceOptions {
  readonly json?: boolean;
}

/** Shows how the installation is. */
export function statusCommand(options: StatusOptions, around: Surroundings): Promise<ExitCode> {
  return judged(options, around, healthFindings, statusLines);
}

/** Says whether it is safe to change it. */
export function validateCommand(options: StatusOptions, around: Surroundings): Promise<ExitCode> {
  return judged(options, around, changeFindings, validateLines);
}

async function judged(
  options: StatusOptions,
  around: Surroundings,
  judge: (seen: Observation) => Finding[],
  lines: (seen: Observation, findings: readonly Finding[]) => string[],
): Promise<ExitCode> {
  let seen: Observation;
  try {
    const installation = await findInstallation(options, around);
    const credentials = credentialsOf(options, installation, around);
    seen = await observe(installation, credentials, around.signal, wayTo(installation, around.environment));
  } catch (error) {
    // To a script 1 says that something is bad, which nobody knows here.
    around.err(`error: ${messageOf(error)}`);
    return 2;
  }
  const findings = judge(seen);
  const code = exitCodeOf(findings);
  if (options.json === true) around.out(JSON.stringify({ code, findings, ...seen }, undefined, 2));
  else for (const line of lines(seen, findings)) around.out(line);
  return code;
}

/** What all Marathons are told; checked against every address before one is asked. */
function credentialsOf(
  options: StatusOptions,
  { marathons }: Installation,
  around: Surroundings,
): Omit<MarathonOptions, "urls"> {
  const marathon = marathons.flatMap(({ urls }) => urls);
  if (marathon.length === 0) return {};
  const { urls: _, ...credentials } = connectionOf(marathonArguments(options, marathon), around);
  return credentials;
}
