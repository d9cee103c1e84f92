// SPDX-License-Identifier: Apache-2.0
import { tokenHeader } from "@pulumi-mesos/client";
import { basicAuthorization, bearerAuthorization, type MemberKind } from "@pulumi-mesos/model";
import type { Command } from "commander";
import type { Surroundings } from "./cli";
import { type ConnectionArguments, connectionOf, contents, usage } from "./connection";

/** Who one is at masters and edges that are given by address; `…File` are paths. */
export interface KeyArguments {
  readonly mesosUser?: string;
  readonly mesosPasswordFile?: string;
  readonly edgeTokenFile?: string;
}

/** The header `Authorization` for members of a kind. */
export type MemberKeys = Partial<Readonly<Record<MemberKind, string>>>;

export const keysHelp = `
Those of masters and edges given by address are read from MESOS_PASSWORD and EDGE_TOKEN, or from the files.`;

/** Says who one is at masters and edges. */
export function keyFlags(command: Command): Command {
  return command
    .option("--mesos-user <principal>", "principal at the masters")
    .option("--mesos-password-file <file>", "file that holds the principal's secret")
    .option("--edge-token-file <file>", "file that holds the token of the edges' API");
}

/** What the flags, files and the environment say; fails with what is wrong with them. */
export function memberKeys(
  args: Partial<ConnectionArguments> & KeyArguments,
  around: Surroundings,
): MemberKeys {
  const variable = (name: string): string | undefined => around.environment[name] || undefined;
  const read = (flag: string, file: string | undefined): string | undefined =>
    file === undefined ? undefined : contents(flag, around.directory, file);
  const { mesosUser: user } = args;
  const password = read("--mesos-password-file", args.mesosPasswordFile) ?? variable("MESOS_PASSWORD");
  if (user === undefined && args.mesosPasswordFile !== undefined)
    throw usage("--mesos-password-file: goes with --mesos-user");
  if (user !== undefined && password === undefined)
    throw usage("--mesos-user: goes with MESOS_PASSWORD or --mesos-password-file");
  const token = read("--edge-token-file", args.edgeTokenFile) ?? variable("EDGE_TOKEN");
  const marathon = marathonKey(args, around);
  return {
    ...(user !== undefined &&
      password !== undefined && { "mesos-master": basicAuthorization({ user, password }) }),
    ...(token !== undefined && { edge: bearerAuthorization(token) }),
    ...(marathon !== undefined && { marathon }),
  };
}

function marathonKey(args: Partial<ConnectionArguments>, around: Surroundings): string | undefined {
  if (args.marathon === undefined) return undefined;
  const { user, password, token } = connectionOf({ ...args, marathon: args.marathon }, around);
  if (user !== undefined && password !== undefined) return basicAuthorization({ user, password });
  return token === undefined ? undefined : tokenHeader(token);
}
