// SPDX-License-Identifier: Apache-2.0
import {
  type CheckRequest,
  CheckResponse,
  type ConfigureRequest,
  ConfigureResponse,
  type DiffRequest,
  type DiffResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import type { Way } from "@pulumi-mesos/client";
import { MesosError } from "@pulumi-mesos/model";
import { pathInReason } from "./check-failure";
import { checkConfig, type ProviderConfig, parseConfig } from "./config";
import { diffResponse } from "./diff-response";
import { compareInputs } from "./differences";
import type { Session } from "./session";
import { decode } from "./wire";

/** Refuses a wrong configuration; what is right goes back as it came. Secrets arrive unmarked: no value may be printed. */
export async function answerCheckConfig(request: CheckRequest): Promise<CheckResponse> {
  const failures = checkConfig(decode(request.getNews()).values);
  return new CheckResponse().setInputs(request.getNews()).setFailuresList(failures.map(pathInReason));
}

/** A changed address never replaces what was made through the old one. */
export async function answerDiffConfig(request: DiffRequest): Promise<DiffResponse> {
  const olds = request.hasOldInputs() ? request.getOldInputs() : request.getOlds();
  const differences = compareInputs(decode(olds).values, decode(request.getNews()).values, []);
  return diffResponse({ differences: differences.filter((d) => d.path !== "version") }, []);
}

/** Opens nothing: the first connection does. */
async function wayFor({ access }: ProviderConfig, { environment }: Session): Promise<Way | undefined> {
  if (access === undefined || access.by === "direct") return undefined;
  const { wayOf } = await import("@pulumi-mesos/client");
  return wayOf(access, environment);
}

/** Takes the configuration for all later calls. */
export async function answerConfigure(
  session: Session,
  request: ConfigureRequest,
): Promise<ConfigureResponse> {
  const { values } = decode(request.getArgs());
  const failure = checkConfig(values)[0];
  if (failure !== undefined) {
    throw new MesosError("MESOS_PLUGIN_CONFIG_INVALID", `${failure.path}: ${failure.message}`);
  }
  const config = parseConfig(values);
  const way = await wayFor(config, session);
  session.config = { ...config, ...(way !== undefined && { way }) };
  return new ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
}
