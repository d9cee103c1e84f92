// SPDX-License-Identifier: Apache-2.0
import { tokenHeader } from "@pulumi-mesos/client";
import {
  basicAuthorization,
  bearerAuthorization,
  connectionFaults,
  type MemberKind,
  shownUrl,
} from "@pulumi-mesos/model";
import type { Command } from "commander";
import type { Surroundings } from "./cli";
import { type ConnectionArguments, connectionOf, contents, usage } from "./connection";

/** Masters and edges that are given by address, and who one is there; `…File` are paths. */
export interface KeyArguments {
  readonly masters?: readonly string[];
  readonly edge?: readonly string[];
  readonly mesosUser?: string;
  readonly mesosPasswordFile?: string;
  readonly edgeTokenFile?: string;
}

/** The header `Authorization` for members of a kind. */
export type MemberKeys = Partial<Readonly<Record<MemberKind, string>>>;

export const keysHelp = `
Those of masters and edges given by address are read from MESOS_PASSWORD and EDGE_TOKEN, or from the files.
Addresses with https:// (--masters https://10.0.0.1:5050) are asked by TLS and believed by --ca.`;

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

function marathonKey(
  args: Partial<ConnectionArguments> & KeyArguments,
  around: Surroundings,
): string | undefined {
  if (args.marathon === undefined) return undefined;
  const { user, password, token } = connectionOf(marathonArguments(args, args.marathon), around);
  if (user !== undefined && password !== undefined) return basicAuthorization({ user, password });
  return token === undefined ? undefined : tokenHeader(token);
}

/** Whether an address says that it is to be asked by TLS. */
export const isSecure = (address: string): boolean => /^https:/i.test(address);

/** What the flags say of these Marathons; their authority may be there for others alone. */
export function marathonArguments(
  args: Partial<ConnectionArguments> & KeyArguments,
  marathon: readonly string[],
): ConnectionArguments {
  const isForOthers = !marathon.some(isSecure) && membersIn(args).some(isSecure);
  return { ...args, marathon, ca: isForOthers ? undefined : args.ca };
}

function membersIn({ masters = [], edge = [] }: KeyArguments): readonly string[] {
  return [...masters, ...edge];
}

/** Authorities in PEM of whoever is given by an address with https://; fails with what is wrong with them. */
export function authorityOf(
  args: Partial<ConnectionArguments> & KeyArguments,
  around: Surroundings,
): string | undefined {
  const members = membersIn(args);
  if (args.ca === undefined) {
    const secure = members.find(isSecure);
    if (secure === undefined) return undefined;
    throw usage(
      `--ca: is needed for ${shownUrl(secure)}: the certificates in PEM of the authorities that may sign its own, such as the output of the program that holds the cluster's tls.ca`,
    );
  }
  const ca = contents("--ca", around.directory, args.ca);
  const [fault] = connectionFaults({ ca }, [...members, ...(args.marathon ?? [])], () => "--ca");
  if (fault !== undefined) throw usage(`--ca: ${fault.message}`);
  return ca;
}
