// SPDX-License-Identifier: Apache-2.0
import {
  type HostPort,
  type MemberAddress,
  type MemberKind,
  type MemberStatus,
  mapOfMembers,
  messageOf,
  throughMap,
} from "@pulumi-mesos/model";
import { getFrom, type MemberAccess } from "./access";
import { bounded } from "./clock";
import { ClientAbortedError, errorCode, isAccessFault, StatusError } from "./errors";
import { fourLetterWord } from "./four-letter-word";
import type { HttpResponse } from "./http";

type Answer = Omit<MemberStatus, "name">;
/** Asks for one path; how members are asked is known to it. */
type Get = (path: string) => Promise<HttpResponse>;
/** Asks a ZooKeeper server, as {@link Get}. */
type Word = (word: "srvr" | "conf") => Promise<string>;

const boundMs = 2_000;
const probes: Record<MemberKind, (get: Get, member: MemberAddress, word: Word) => Promise<Answer>> = {
  zookeeper: (_get, _member, word) => probeZooKeeper(word),
  "mesos-master": probeMaster,
  marathon: probeMarathon,
  edge: probeEdge,
  groups: probeGroups,
};

/**
 * Asks one member how it is, within 2 s.
 *
 * A member that cannot be reached is an answer (`up: false`), not an error; only an abort of `signal` rejects, and a way that
 * cannot be opened, because that says nothing about the member.
 */
export async function probeMember(
  kind: MemberKind,
  member: MemberAddress,
  signal: AbortSignal,
  access: MemberAccess = {},
): Promise<MemberStatus> {
  await access.way?.open(signal);
  const bound = bounded(signal, boundMs);
  const get: Get = (path) => ask(member, path, access, bound.signal);
  const word: Word = (one) => fourLetterWord(placeOf(member), one, bound.signal, access.way);
  try {
    return { name: member.name, ...(await probes[kind](get, member, word)) };
  } catch (error) {
    if (signal.aborted) throw new ClientAbortedError(signal);
    if (isAccessFault(error)) throw error;
    if (error instanceof StatusError) {
      return { name: member.name, up: true, joined: false, leading: false, detail: error.message };
    }
    const detail = bound.signal.aborted ? `no answer within ${boundMs / 1000} s` : messageOf(error);
    const silent = bound.signal.aborted || silences.has(errorCode(error) ?? "");
    return { name: member.name, up: false, joined: false, leading: false, ...(silent && { silent }), detail };
  } finally {
    bound.done();
  }
}

/** Asks all members at once, in the order given. */
export async function probeEnsemble(
  kind: MemberKind,
  members: readonly MemberAddress[],
  signal: AbortSignal,
  access: MemberAccess = {},
): Promise<MemberStatus[]> {
  return Promise.all(members.map((member) => probeMember(kind, member, signal, access)));
}

/** What is heard where nobody is. */
const silences = new Set(["EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EHOSTDOWN"]);

async function probeZooKeeper(word: Word): Promise<Answer> {
  const text = await word("srvr");
  const mode = /^Mode: (\w+)/m.exec(text)?.[1];
  if (mode === undefined) {
    // A server without a quorum says so in one line; an empty answer is a server that is going down.
    if (text.trim() === "") throw new Error("closed the connection without an answer");
    return { up: true, joined: false, leading: false, detail: text.trim().replace(/\s*\n\s*/g, " ") };
  }
  const leading = mode === "leader" || mode === "standalone";
  const told = mode === "standalone" ? { told: 1, voters: 1 } : await serversOf(word);
  return { up: true, joined: true, leading, ...told, detail: mode };
}

function placeOf(member: MemberAddress): HostPort {
  return throughMap(member, mapOfMembers([member]));
}

/** The servers that a server was told of, and those of them that vote: all but the weightless and observers. */
async function serversOf(word: Word): Promise<Pick<Answer, "told" | "voters" | "voteless">> {
  const text = await word("conf");
  const idsOf = (line: RegExp): string[] => [...text.matchAll(line)].map(([, ...ids]) => ids.join(""));
  const told = idsOf(/^server\.(\d+)=/gm);
  const following = new Set(idsOf(/^(?:weight\.(\d+)=0$|server\.(\d+)=.*:observer\b)/gm));
  const [own = ""] = idsOf(/^serverId=(\d+)$/gm);
  if (told.length === 0) return {};
  return {
    told: told.length,
    voters: told.length - following.size,
    ...(following.has(own) && { voteless: true }),
  };
}

async function probeMaster(get: Get): Promise<Answer> {
  await get("/health");
  const [metrics, redirect, flags] = await Promise.all([
    get("/metrics/snapshot"),
    get("/redirect"),
    get("/flags"),
  ]);
  const numbers = object(metrics);
  const leading = numbers["master/elected"] === 1;
  const knowsLeader = redirect.status === 307;
  const recovered = numbers["registrar/log/recovered"] === 1;
  const detail = leading
    ? recovered
      ? "leading"
      : "leading, the registry is not recovered yet"
    : knowsLeader
      ? `standby of ${(redirect.headers["location"] ?? "").replace(/^(\w+:)?\/\//, "")}`
      : "knows no leading master";
  const joined = leading ? recovered && knowsLeader : knowsLeader;
  return { up: true, joined, leading, ...toldBy(flags), detail };
}

/** The quorum is the majority of those that the master was told of. */
function toldBy(flags: HttpResponse): { told?: number } {
  const quorum = Number((object(flags)["flags"] as { quorum?: unknown } | undefined)?.quorum);
  return Number.isInteger(quorum) && quorum > 0 ? { told: 2 * quorum - 1 } : {};
}

async function probeMarathon(get: Get, member: MemberAddress): Promise<Answer> {
  const ping = await get("/ping");
  if (ping.status >= 400) {
    return { up: true, joined: false, leading: false, detail: `GET /ping answered ${ping.status}` };
  }
  const leader = object(await get("/v2/leader"))["leader"];
  const leading = leader === `${member.host}:${member.port}`;
  if (typeof leader !== "string") {
    return { up: true, joined: false, leading: false, detail: "knows no leading marathon" };
  }
  return { up: true, joined: true, leading, detail: leading ? "leading" : `standby of ${leader}` };
}

async function probeEdge(get: Get): Promise<Answer> {
  const status = await get("/status");
  const ok = status.status === 200;
  return {
    up: true,
    joined: ok,
    leading: false,
    detail: ok ? "serving" : `/status answered ${status.status}`,
  };
}

async function probeGroups(get: Get): Promise<Answer> {
  const health = await get("/health");
  const leading = object(health)["leading"] === true;
  const joined = health.status === 200;
  const detail = joined ? (leading ? "leading" : "standby") : `/health answered ${health.status}`;
  return { up: true, joined, leading, detail };
}

async function ask(
  member: MemberAddress,
  path: string,
  access: MemberAccess,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const headers = { Accept: "*/*" };
  const response = await getFrom(member, path, access, { headers, timeoutMs: boundMs, signal });
  if (response.status !== 401) return response;
  const hint =
    access.authorization === undefined ? "it asks for a credential" : "it does not know this credential";
  throw new StatusError({ ...response, hint });
}

/** A JSON object of any answer; an empty one for everything else, because a probe only looks for what it knows. */
function object(response: HttpResponse): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(response.body);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}
