// SPDX-License-Identifier: Apache-2.0
import { type MemberAddress, type MemberKind, type MemberStatus, messageOf } from "@pulumi-mesos/model";
import { bounded } from "./clock";
import { ClientAbortedError } from "./errors";
import { fourLetterWord } from "./four-letter-word";
import { type HttpResponse, send } from "./http";

type Answer = Omit<MemberStatus, "name">;

const boundMs = 2_000;
const probes: Record<MemberKind, (member: MemberAddress, signal: AbortSignal) => Promise<Answer>> = {
  zookeeper: probeZooKeeper,
  "mesos-master": probeMaster,
  marathon: probeMarathon,
  edge: probeEdge,
  groups: probeGroups,
};

/**
 * Asks one member how it is, within 2 s.
 *
 * A member that cannot be reached is an answer (`up: false`), not an error; only an abort of `signal` rejects.
 */
export async function probeMember(
  kind: MemberKind,
  member: MemberAddress,
  signal: AbortSignal,
): Promise<MemberStatus> {
  const bound = bounded(signal, boundMs);
  try {
    return { name: member.name, ...(await probes[kind](member, bound.signal)) };
  } catch (error) {
    if (signal.aborted) throw new ClientAbortedError(signal);
    const detail = bound.signal.aborted ? `no answer within ${boundMs / 1000} s` : messageOf(error);
    return { name: member.name, up: false, joined: false, leading: false, detail };
  } finally {
    bound.done();
  }
}

/** Asks all members at once, in the order given. */
export async function probeEnsemble(
  kind: MemberKind,
  members: readonly MemberAddress[],
  signal: AbortSignal,
): Promise<MemberStatus[]> {
  return Promise.all(members.map((member) => probeMember(kind, member, signal)));
}

async function probeZooKeeper(member: MemberAddress, signal: AbortSignal): Promise<Answer> {
  const text = await fourLetterWord(member, "srvr", signal);
  const mode = /^Mode: (\w+)/m.exec(text)?.[1];
  if (mode === undefined) {
    // A server without a quorum says so in one line; an empty answer is a server that is going down.
    const detail = text.trim() || "closed the connection without an answer";
    return { up: text !== "", joined: false, leading: false, detail: detail.replace(/\s*\n\s*/g, " ") };
  }
  return { up: true, joined: true, leading: mode === "leader" || mode === "standalone", detail: mode };
}

async function probeMaster(member: MemberAddress, signal: AbortSignal): Promise<Answer> {
  await get(member, "/health", signal);
  const [metrics, redirect] = await Promise.all([
    get(member, "/metrics/snapshot", signal),
    get(member, "/redirect", signal),
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
  return { up: true, joined: leading ? recovered && knowsLeader : knowsLeader, leading, detail };
}

async function probeMarathon(member: MemberAddress, signal: AbortSignal): Promise<Answer> {
  const ping = await get(member, "/ping", signal);
  if (ping.status >= 400) {
    return { up: true, joined: false, leading: false, detail: `GET /ping answered ${ping.status}` };
  }
  const leader = object(await get(member, "/v2/leader", signal))["leader"];
  const leading = leader === `${member.host}:${member.port}`;
  if (typeof leader !== "string") {
    return { up: true, joined: false, leading: false, detail: "knows no leading marathon" };
  }
  return { up: true, joined: true, leading, detail: leading ? "leading" : `standby of ${leader}` };
}

async function probeEdge(member: MemberAddress, signal: AbortSignal): Promise<Answer> {
  const status = await get(member, "/status", signal);
  const ok = status.status === 200;
  return {
    up: true,
    joined: ok,
    leading: false,
    detail: ok ? "serving" : `/status answered ${status.status}`,
  };
}

async function probeGroups(member: MemberAddress, signal: AbortSignal): Promise<Answer> {
  const health = await get(member, "/health", signal);
  const leading = object(health)["leading"] === true;
  const joined = health.status === 200;
  const detail = joined ? (leading ? "leading" : "standby") : `/health answered ${health.status}`;
  return { up: true, joined, leading, detail };
}

function get(member: MemberAddress, path: string, signal: AbortSignal): Promise<HttpResponse> {
  const url = `http://${member.host}:${member.port}${path}`;
  return send({ method: "GET", url, headers: { Accept: "*/*" }, timeoutMs: boundMs, signal });
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
