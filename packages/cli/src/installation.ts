// SPDX-License-Identifier: Apache-2.0
import { type MemberAccess, type Way, wayOf } from "@pulumi-mesos/client";
import {
  type Access,
  type AddressMap,
  boundsOf,
  decoder,
  MemberAddress,
  MemberKind,
  mapOfMembers,
  parseAccess,
  resourceTokens,
  Type,
} from "@pulumi-mesos/model";
import { type LogPlace, logsIn } from "./log-places";
import { inputsOf, type StateResource } from "./stack-state";

/** Members that belong together, such as the masters of one cluster. */
export interface Ensemble {
  readonly kind: MemberKind;
  readonly name: string;
  readonly members: readonly MemberAddress[];
  /** How many have left with whom the members still count: two, on the way from five masters to three. @default none */
  readonly left?: number;
  /** Header of that name, for members that ask who one is. */
  readonly authorization?: string;
  /** Authority of members that speak TLS, in PEM. */
  readonly ca?: string;
}

/** What its members are told and believed by. */
export function accessOf({ authorization, ca }: Pick<Ensemble, "authorization" | "ca">): MemberAccess {
  return { ...(authorization !== undefined && { authorization }), ...(ca !== undefined && { ca }) };
}

/** By which way this machine reaches it; none where it does so itself. */
export function wayTo({ access }: Installation, environment: NodeJS.ProcessEnv): Way | undefined {
  return access && wayOf(access, environment);
}

/** An agent group as it is declared. */
export interface DeclaredPool {
  readonly name: string;
  /** How few and how many agents it may have. */
  readonly min: number;
  readonly max: number;
}

/** The addresses of one Marathon. */
export interface MarathonPlace {
  readonly name: string;
  readonly urls: readonly string[];
  /** Where connections go for addresses that this machine does not reach. */
  readonly addressMap?: AddressMap;
  /** Header of that name, if it asks who one is. */
  readonly authorization?: string;
  /** Its authority in PEM, if it speaks TLS by one of the stack's own. */
  readonly ca?: string;
}

/** Where everything of an installation is. */
export interface Installation {
  /** For headings: `stack dev of shop`. */
  readonly title: string;
  readonly ensembles: readonly Ensemble[];
  readonly pools: readonly DeclaredPool[];
  readonly marathons: readonly MarathonPlace[];
  /** How its addresses are reached, where a provider says so. */
  readonly access?: Access;
  /** By node: where its log is. */
  readonly logs: ReadonlyMap<string, LogPlace>;
  /** The stack's outputs that are addresses, by name. */
  readonly urls: Readonly<Record<string, string>>;
}

/** How an export marks a secret; its plaintext is JSON, and only there with --show-secrets. */
const secretKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

const decoders = {
  gate: decoder(
    Type.Object({
      kind: MemberKind,
      member: MemberAddress,
      peers: Type.Array(MemberAddress),
      authorization: Type.Optional(Type.Unknown()),
      ca: Type.Optional(Type.Unknown()),
    }),
  ),
  ensemble: decoder(Type.Object({ left: Type.Array(MemberAddress) })),
  secret: decoder(Type.Object({ [secretKey]: Type.Literal(secretSignature), plaintext: Type.String() })),
  // No more of it than is shown: the template may hold secrets, which an export encrypts.
  pool: decoder(
    Type.Object({
      declaration: Type.Object({
        name: Type.String(),
        size: Type.Number(),
        autoscale: Type.Optional(Type.Object({ min: Type.Number(), max: Type.Number() })),
        backend: Type.Object({ kind: Type.String() }),
      }),
    }),
  ),
  access: decoder(Type.Object({ access: Type.String() })),
  provider: decoder(
    Type.Object({
      marathonUrls: Type.Union([Type.String(), Type.Array(Type.String())]),
      addressMap: Type.Optional(Type.Union([Type.String(), Type.Record(Type.String(), Type.String())])),
    }),
  ),
};

/** Whether members ask who one is, which an export tells only with --show-secrets. */
export function isClosed(resources: readonly StateResource[]): boolean {
  return inputsOf(resources, resourceTokens.ready, decoders.gate).some(
    ([, { authorization }]) => authorization !== undefined && textOf(authorization) === undefined,
  );
}

/** What a stack's state says: members by their gates, which stand on every platform. */
export function installationOf(resources: readonly StateResource[]): Installation {
  const ensembles = ensemblesIn(resources);
  const declarations = inputsOf(resources, resourceTokens.agentPool, decoders.pool).map(
    ([, { declaration }]) => declaration,
  );
  const pools = declarations.map((declaration) => ({ name: declaration.name, ...boundsOf(declaration) }));
  return {
    title: titleOf(resources),
    ensembles,
    pools,
    marathons: marathonsIn(resources, ensembles),
    ...accessIn(resources),
    logs: logsIn(
      resources,
      declarations.map(({ name, backend }, i) => ({ name, kind: backend.kind, max: pools[i]?.max ?? 0 })),
    ),
    urls: urlsIn(resources),
  };
}

/** Gates below one parent are of one ensemble; each knows its own member and all others. */
function ensemblesIn(resources: readonly StateResource[]): Ensemble[] {
  const found = new Map<
    string,
    Pick<Ensemble, "kind" | "authorization" | "ca"> & { readonly members: Map<string, MemberAddress> }
  >();
  for (const [{ parent = "" }, gate] of inputsOf(resources, resourceTokens.ready, decoders.gate)) {
    const ensemble = found.get(parent) ?? {
      kind: gate.kind,
      members: new Map(),
      ...accessOf({ authorization: textOf(gate.authorization), ca: textOf(gate.ca) }),
    };
    for (const member of [gate.member, ...gate.peers]) ensemble.members.set(member.name, member);
    found.set(parent, ensemble);
  }
  const left = new Map(
    inputsOf(resources, resourceTokens.ensemble, decoders.ensemble).map(([{ parent }, { left }]) => [
      parent,
      left.length,
    ]),
  );
  return [...found].map(([parent, { members, ...ensemble }]) => ({
    ...ensemble,
    ...(left.has(parent) && { left: left.get(parent) }),
    name: nameIn(parent),
    members: [...members.values()].sort(byName),
  }));
}

/** A text of the state; undefined while it is encrypted. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const decoded = decoders.secret.decode(value);
  const text: unknown = decoded.ok ? JSON.parse(decoded.value.plaintext) : undefined;
  return typeof text === "string" ? text : undefined;
}

/** Those that were made here, or else those that a provider was given. */
function marathonsIn(resources: readonly StateResource[], ensembles: readonly Ensemble[]): MarathonPlace[] {
  const made = ensembles.filter(({ kind }) => kind === "marathon");
  if (made.length > 0) {
    return made.map(({ name, members, ...access }) => ({
      name,
      ...accessOf(access),
      urls: members.map(
        ({ host, port }) => `${access.ca === undefined ? "http" : "https"}://${host}:${port}`,
      ),
      ...mapped(mapOfMembers(members)),
    }));
  }
  return inputsOf(resources, "pulumi:providers:mesos", decoders.provider).map(
    ([{ urn }, { marathonUrls: urls, addressMap: map }]) => ({
      name: nameIn(urn),
      urls: typeof urls === "string" ? (JSON.parse(urls) as string[]) : urls,
      ...mapped(typeof map === "string" ? (JSON.parse(map) as AddressMap) : map),
    }),
  );
}

/** The plugin checked it. */
function accessIn(resources: readonly StateResource[]): Pick<Installation, "access"> {
  const [found] = inputsOf(resources, "pulumi:providers:mesos", decoders.access);
  return found === undefined ? {} : { access: parseAccess(found[1].access) };
}

function mapped(addressMap: AddressMap | undefined): { readonly addressMap?: AddressMap } {
  return addressMap === undefined ? {} : { addressMap };
}

function urlsIn(resources: readonly StateResource[]): Record<string, string> {
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const urls = Object.entries(outputs).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && /^https?:\/\//.test(entry[1]),
  );
  return Object.fromEntries(urls);
}

function titleOf(resources: readonly StateResource[]): string {
  const [stack = "", project = "?"] = (resources[0]?.urn ?? "").split("::");
  return `stack ${stack.slice("urn:pulumi:".length) || "?"} of ${project}`;
}

function nameIn(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

function byName(a: MemberAddress, b: MemberAddress): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}
