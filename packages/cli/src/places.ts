// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import { type MemberAddress, type MemberKind, MesosError, ports, shownUrl } from "@pulumi-mesos/model";
import type { Surroundings } from "./cli";
import { type ConnectionArguments, usage } from "./connection";
import { runEngine } from "./engine";
import { type Ensemble, type Installation, installationOf, isClosed } from "./installation";
import { authorityOf, isSecure, type KeyArguments, type MemberKeys, memberKeys } from "./member-keys";
import { resourcesIn, type StateResource } from "./stack-state";

/** Where a command finds the installation: addresses, or otherwise a stack. */
export interface PlaceOptions extends Partial<ConnectionArguments>, KeyArguments {
  readonly stack?: string;
  readonly cwd: string;
  readonly zk?: readonly string[];
}

/** What to do where no stack says it; a command that takes addresses has another way out. */
const byStack = "run this in the folder of a Pulumi project (--cwd, --stack)";
const byStackOrFlags = `${byStack}, or say where things are by --zk, --masters, --marathon and --edge`;

/** Where everything is: by the flags, when there is any of them, otherwise by the stack's state. */
export async function findInstallation(options: PlaceOptions, around: Surroundings): Promise<Installation> {
  const keys = memberKeys(options, around);
  if (!isGiven(options)) return await stackInstallation(options, around, byStackOrFlags);
  return givenInstallation(options, keys, authorityOf(options, around));
}

/** Whether a flag says where something is. */
function isGiven({ zk, masters, marathon, edge }: PlaceOptions): boolean {
  return [zk, masters, marathon, edge].some((given) => given !== undefined);
}

/** What the stack's state says; nothing is decrypted, for addresses are no secrets. */
export async function stackPlaces(options: PlaceOptions, around: Surroundings): Promise<Installation> {
  return installationOf(await stackResources(options, around, byStack));
}

/** As {@link stackPlaces}; where members ask who one is the state is decrypted, for what opens them. */
export async function stackInstallation(
  options: PlaceOptions,
  around: Surroundings,
  otherwise = byStack,
): Promise<Installation> {
  const resources = await stackResources(options, around, otherwise);
  if (!isClosed(resources)) return installationOf(resources);
  return installationOf(await stackResources(options, around, otherwise, ["--show-secrets"]));
}

async function stackResources(
  options: PlaceOptions,
  around: Surroundings,
  otherwise: string,
  flags: readonly string[] = [],
): Promise<readonly StateResource[]> {
  const place = {
    directory: path.resolve(around.directory, options.cwd),
    environment: around.environment,
    signal: around.signal,
    stack: options.stack,
  };
  const { output, problem } = await runEngine(["stack", "export", ...flags], place);
  if (problem !== undefined) {
    throw new MesosError("MESOS_CLI_STACK", `pulumi stack export: ${problem}; ${otherwise}`);
  }
  const resources = resourcesIn(output);
  const installation = installationOf(resources);
  if (installation.ensembles.length > 0 || installation.marathons.length > 0) return resources;
  throw new MesosError(
    "MESOS_CLI_STACK",
    `${installation.title} has no part of a Mesos installation; ${otherwise}`,
  );
}

/**
 * What the flags say.
 *
 * @param ca by whom members with https:// are believed
 */
export function givenInstallation(options: PlaceOptions, keys: MemberKeys = {}, ca?: string): Installation {
  const { zk, masters, marathon, edge } = options;
  const ensembles = [
    ensemble("zookeeper", "--zk", zk, ports.zookeeper.client),
    ensemble("mesos-master", "--masters", masters, ports.master.http, ca),
    marathonEnsemble(marathon ?? [], ca),
    ensemble("edge", "--edge", edge, ports.edge.api, ca),
  ];
  return {
    title: "the given addresses",
    ensembles: ensembles
      .filter(({ members }) => members.length > 0)
      .map((each) => ({ ...each, ...(keys[each.kind] !== undefined && { authorization: keys[each.kind] }) })),
    pools: [],
    marathons: marathon === undefined ? [] : [{ name: "marathon", urls: marathon }],
    logs: new Map(),
    urls: {},
  };
}

/** Those whose members can be told apart; one behind a path, or whose authority only the machine knows, is asked by its client alone. */
function marathonEnsemble(urls: readonly string[], ca: string | undefined): Ensemble {
  const members = urls.filter((url) => /^https?:\/\/[^/]+\/?$/i.test(url));
  const plain = members.filter((url) => !isSecure(url));
  const secure = ca === undefined || plain.length > 0 ? [] : members;
  return secure.length > 0
    ? ensemble("marathon", "--marathon", secure, 443, ca)
    : ensemble("marathon", "--marathon", plain, 80);
}

/** @param ca by whom members with https:// are believed; none may be given so without one */
function ensemble(
  kind: MemberKind,
  flag: string,
  given: readonly string[] | undefined,
  port: number,
  ca?: string,
): Ensemble {
  const addresses = given ?? [];
  const secure = addresses.filter(isSecure);
  if (secure.length > 0 && (ca === undefined || secure.length < addresses.length)) {
    const why = ca === undefined ? "does not speak TLS" : "is asked by TLS at all addresses or at none";
    throw usage(`${flag}: ${why}, got ${secure.map(shownUrl).join(", ")}`);
  }
  const members = addresses.map((text) => addressOf(flag, text, port));
  return { kind, name: kind, members, ...(secure.length > 0 && { ca }) };
}

/** What to do with the user of an address. */
function withoutUser(flag: string, text: string): string {
  if (!text.includes("@")) return "";
  const ways: Readonly<Record<string, string>> = {
    "--masters": "; who one is goes by --mesos-user and MESOS_PASSWORD",
    "--edge": "; who one is goes by EDGE_TOKEN",
  };
  return ` without a user${ways[flag] ?? ""}`;
}

/** `host`, `host:port`, or the same with http:// or https:// before it. */
function addressOf(flag: string, text: string, defaultPort: number): MemberAddress {
  const [, host, port] = /^(?:https?:\/\/)?([^/:@\s]+)(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65535) {
    throw usage(
      `${flag}: must be host:port${withoutUser(flag, text)}, got ${JSON.stringify(shownUrl(text))}`,
    );
  }
  const number = port === undefined ? defaultPort : Number(port);
  return { name: `${host}:${number}`, host, port: number };
}
