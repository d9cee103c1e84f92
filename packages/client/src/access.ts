// SPDX-License-Identifier: Apache-2.0
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { type MemberAddress, mapOfMembers } from "@pulumi-mesos/model";
import { type Agents, type HttpRequest, type HttpResponse, send } from "./http";
import { agentsOf, agentsThrough } from "./mapped-agents";
import { tlsError } from "./tls-faults";
import type { Reach, Way } from "./way/way";

/** What a member is told and believed by. */
export interface MemberAccess {
  /** Header of that name. @default none */
  readonly authorization?: string;
  /** Certificates in PEM of the authorities that may sign the member's: then it is asked by TLS. @default plain HTTP */
  readonly ca?: string;
  /** By which way it is reached. @default directly */
  readonly way?: Way;
}

const kept = new Map<string | undefined, Agents>();

/** Connections to servers whose certificates are of these authorities; kept for the next request, unless they go elsewhere. */
function secureAgents(ca: string | undefined, reach: Reach = {}): Agents {
  if (reach.addressMap !== undefined || reach.way !== undefined) return agentsThrough(reach, { ca });
  const agents = kept.get(ca) ?? {
    httpAgent: new HttpAgent(),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxFreeSockets: 4, ca }),
  };
  kept.set(ca, agents);
  return agents;
}

/** As {@link send}; what is wrong with TLS is said in words. */
export async function sendSecurely(request: HttpRequest, ca: string | undefined): Promise<HttpResponse> {
  try {
    return await send({ ...request, agents: request.agents ?? secureAgents(ca) });
  } catch (error) {
    throw tlsError(request.url, error, { ca }, (option) => option) ?? error;
  }
}

/** `GET path` of a member; any status is an answer. */
export function getFrom(
  member: MemberAddress,
  path: string,
  { authorization, ca, way }: MemberAccess,
  o: Pick<HttpRequest, "headers" | "timeoutMs" | "signal">,
): Promise<HttpResponse> {
  const headers = { ...o.headers, ...(authorization !== undefined && { Authorization: authorization }) };
  const at = `${member.host}:${member.port}${path}`;
  const request = { ...o, method: "GET", headers } as const;
  if (ca === undefined) return send({ ...request, url: `http://${at}`, agents: agentsOf(member, way) });
  const agents = secureAgents(ca, { addressMap: mapOfMembers([member]), way });
  return sendSecurely({ ...request, url: `https://${at}`, agents }, ca);
}
