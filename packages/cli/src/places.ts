// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import { type MemberAddress, type MemberKind, MesosError, ports } from "@pulumi-mesos/model";
import type { Surroundings } from "./cli";
import { type ConnectionArguments, usage } from "./connection";
import { runEngine } from "./engine";
import {
  type Ensemble,
  type Installation,
  installationOf,
  isClosed,
  resourcesIn,
  type StateResource,
} from "./installation";
import { type KeyArguments, type MemberKeys, memberKeys } from "./member-keys";

/** Where a command finds the installation: addresses, or otherwise a stack. */
export interface PlaceOptions extends Partial<ConnectionArguments>, KeyArguments {
  readonly stack?: string;
  readonly cwd: string;
  readonly zk?: readonly string[];
  readonly masters?: readonly string[];
  readonly edge?: readonly string[];
}

/** Where everything is: by the flags, when there is any of them, otherwise by the stack's state. */
export async function findInstallation(options: PlaceOptions, around: Surroundings): Promise<Installation> {
  return (
    givenInstallation(options, memberKeys(options, around)) ?? (await stackInstallation(options, around))
  );
}

/** What the stack's state says; nothing is decrypted, for addresses are no secrets. */
export async function stackPlaces(options: PlaceOptions, around: Surroundings): Promise<Installation> {
  return installationOf(await stackResources(options, around));
}

/** As {@link stackPlaces}; where members ask who one is the state is decrypted, for what opens them. */
export async function stackInstallation(options: PlaceOptions, around: Surroundings): Promise<Installation> {
  const resources = await stackResources(options, around);
  if (!isClosed(resources)) return installationOf(resources);
  return installationOf(await stackResources(options, around, ["--show-secrets"]));
}

async function stackResources(
  options: PlaceOptions,
  around: Surroundings,
  flags: readonly string[] = [],
): Promise<readonly StateResource[]> {
  const place = {
    directory: path.resolve(around.directory, options.cwd),
    environment: around.environment,
    signal: around.signal,
    stack: options.stack,
  };
  const { output, problem } = await runEngine(["stack", "export", ...flags], place);
  const otherwise =
    "run this in the folder of a Pulumi project (--cwd, --stack), or say where things are by --zk, --masters, --marathon and --edge";
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

/** What the flags say; nothing when there is none. */
export function givenInstallation(options: PlaceOptions, keys: MemberKeys = {}): Installation | undefined {
  const { zk, masters, marathon, edge } = options;
  if ([zk, masters, marathon, edge].every((given) => given === undefined)) return undefined;
  // A Marathon behind TLS or a proxy is asked by its client alone.
  const plain = (marathon ?? []).filter((url) => /^http:\/\/[^/]+\/?$/.test(url));
  const ensembles = [
    ensemble("zookeeper", "--zk", zk, ports.zookeeper.client),
    ensemble("mesos-master", "--masters", masters, ports.master.http),
    ensemble("marathon", "--marathon", plain, 80),
    ensemble("edge", "--edge", edge, ports.edge.api),
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

function ensemble(
  kind: MemberKind,
  flag: string,
  given: readonly string[] | undefined,
  port: number,
): Ensemble {
  return { kind, name: kind, members: (given ?? []).map((text) => addressOf(flag, text, port)) };
}

/** `host`, `host:port`, or the same with http:// before it. */
function addressOf(flag: string, text: string, defaultPort: number): MemberAddress {
  const [, host, port] = /^(?:http:\/\/)?([^/:@\s]+)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  if (host === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65535) {
    throw usage(`${flag}: must be host:port, got ${JSON.stringify(text)}`);
  }
  const number = port === undefined ? defaultPort : Number(port);
  return { name: `${host}:${number}`, host, port: number };
}
