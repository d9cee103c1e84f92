// SPDX-License-Identifier: Apache-2.0
import {
  aclProblem,
  type BambooService,
  bambooId,
  encodeBambooNode,
  isWeightsProblem,
  parseWeights,
  weightsKey,
} from "@pulumi-mesos/model";
import { goField } from "./go-json";

/** A rule as it was sent, or why it is none. */
export type ServiceRequest =
  | { readonly ok: true; readonly service: BambooService; readonly acl: string }
  | { readonly ok: false; readonly message: string };

/** ZooKeeper ends the session of whoever sends a node of 1 MiB. */
const maxNodeBytes = 512 << 10;

const undecodable: ServiceRequest = { ok: false, message: "Unable to decode JSON request" };

/** Reads the body of a write as Bamboo does; `urlId` stands in for a missing id and must agree with a given one. */
export function readService(body: string, urlId?: string): ServiceRequest {
  const value = parse(body);
  const object: unknown = value === null ? {} : value;
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undecodable;
  const fields = object as Record<string, unknown>;
  const id = goField(fields, "id") ?? "";
  const acl = goField(fields, "acl") ?? "";
  const config = readConfig(goField(fields, "config") ?? null);
  if (typeof id !== "string" || typeof acl !== "string" || config === undefined) return undecodable;
  const bodyId = bambooId(id);
  const effective = bodyId || bambooId(urlId ?? "");
  if (effective === "") return { ok: false, message: "can not use empty ID" };
  if (urlId && bodyId && bambooId(urlId) !== bodyId) {
    return { ok: false, message: `id: the URL says ${bambooId(urlId)}, the body says ${bodyId}` };
  }
  const merged = acl === "" ? (config?.["Acl"] ?? "") : acl;
  const problem = aclProblem(merged);
  if (problem !== undefined) return { ok: false, message: `acl: ${problem}` };
  const weights = config?.[weightsKey];
  const parsed = weights === undefined ? undefined : parseWeights(weights);
  if (parsed && isWeightsProblem(parsed)) {
    return { ok: false, message: `config.${weightsKey}: ${parsed.problem}` };
  }
  const bytes = encodeBambooNode(acl, config).length;
  if (bytes > maxNodeBytes)
    return { ok: false, message: `config: must be at most ${maxNodeBytes} bytes in ZooKeeper, got ${bytes}` };
  return { ok: true, service: { Id: effective, Acl: acl, Config: config }, acl: merged };
}

function readConfig(value: unknown): Record<string, string> | null | undefined {
  if (value === null) return null;
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  const entries = Object.entries(value as Record<string, unknown>).map(([k, v]) => [k, v ?? ""]);
  return entries.every(([, v]) => typeof v === "string") ? Object.fromEntries(entries) : undefined;
}

/** The value of a JSON text; `undefined`, which JSON has not, when it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
