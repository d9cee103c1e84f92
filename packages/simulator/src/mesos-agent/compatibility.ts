// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from "@pulumi-mesos/model";
import { kindOfJson, reservedFor } from "../protocol/kinds";
import { contains, fromJson, toJson } from "../protocol/resources";
import type { AgentInfo, AttributeJson, ResourceJson } from "../protocol/types";

type Ranges = AttributeJson["ranges"];

const rule = "Configuration change not permitted under 'additive' policy";
const line = `\n${"-".repeat(60)}`;

/** Why an agent may not go on under its old id, in the real agent's words (src/slave/compatibility.cpp); undefined when it may. */
export function incompatible(
  before: AgentInfo,
  now: AgentInfo,
  policy: "equal" | "additive",
): string | undefined {
  if (policy === "equal") return notEqual(before, now);
  return (
    otherAddress(before, now) ??
    fewerResources(fromJson(before.resources), fromJson(now.resources)) ??
    otherAttributes(before.attributes, now.attributes)
  );
}

/** What the real agent prints before it exits. */
export function incompatibleText(why: string, latest: string): string {
  return [
    `Failed to perform recovery: ${why}`,
    "To remedy this do as follows:",
    `Step 1: rm -f ${latest}`,
    "        This ensures agent doesn't recover old live executors.",
    "Step 2: Restart the agent.",
  ].join("\n");
}

function notEqual(before: AgentInfo, now: AgentInfo): string | undefined {
  const normal = ({ id: _id, ...info }: AgentInfo): string =>
    canonicalJson({
      ...info,
      resources: toJson(fromJson(info.resources)).sort(byText),
      attributes: [...info.attributes].sort(byText),
    });
  if (normal(before) === normal(now)) return undefined;
  return [
    "Incompatible agent info detected. ",
    line,
    `Old agent info:\n${JSON.stringify(before)}`,
    line,
    `New agent info:\n${JSON.stringify(now)}`,
    line,
  ].join("\n");
}

function byText(a: unknown, b: unknown): number {
  return canonicalJson(a) < canonicalJson(b) ? -1 : 1;
}

function otherAddress(before: AgentInfo, now: AgentInfo): string | undefined {
  const which = "Configuration change not permitted under `additive` policy";
  if (before.hostname !== now.hostname)
    return `${which}: Hostname changed from ${before.hostname} to ${now.hostname}`;
  if (before.port !== now.port) return `${which}: Port changed from ${before.port} to ${now.port}`;
  if (before.domain !== undefined && canonicalJson(before.domain) !== canonicalJson(now.domain ?? {})) {
    return `${which}: Domain changed from ${JSON.stringify(before.domain)} to ${JSON.stringify(now.domain ?? {})}`;
  }
  return undefined;
}

function fewerResources(
  before: ReturnType<typeof fromJson>,
  now: ReturnType<typeof fromJson>,
): string | undefined {
  const current = toJson(now);
  for (const resource of toJson(before)) {
    const kind = keyText(resource);
    const match = current.find((other) => keyText(other) === kind);
    if (match === undefined) {
      const value = resource.scalar?.value ?? rangesText(resource.ranges);
      return `${rule}. Resource not found: ${resource.name}(${reservedFor(kindOfJson(resource))}):${value}`;
    }
    if (contains(fromJson([match]), fromJson([resource]))) continue;
    return resource.type === "SCALAR"
      ? `${rule}: Value of scalar resource '${resource.name}' decreased from ${resource.scalar?.value} to ${match.scalar?.value}`
      : `${rule}: Previous value of range resource '${resource.name}' (${rangesText(resource.ranges)}) not included in current ${rangesText(match.ranges)}`;
  }
  return undefined;
}

/** What kind of resource it is, its amount aside. */
function keyText({ scalar: _scalar, ranges: _ranges, ...kind }: ResourceJson): string {
  return canonicalJson(kind);
}

/** New ones may come, and ranges may grow; nothing else changes. */
function otherAttributes(
  before: readonly AttributeJson[],
  now: readonly AttributeJson[],
): string | undefined {
  for (const attribute of before) {
    const { name, type } = attribute;
    const match = now.find((other) => other.name === name);
    if (match === undefined) return `${rule}: Couldn't find attribute ${name}=${valueText(attribute)}`;
    if (match.type !== type)
      return `${rule}: Type of attribute '${name}' changed from ${type} to ${match.type}`;
    const [old, current] = [valueText(attribute), valueText(match)];
    if (type === "RANGES") {
      const part = fromJson([{ name, type, ...rangesOf(attribute) }]);
      if (contains(fromJson([{ name, type, ...rangesOf(match) }]), part)) continue;
      return `Previous value of ranges resource '${name}' (${old}) not included in current ${current}`;
    }
    if (old !== current)
      return `${rule}: Value of ${type.toLowerCase()} attribute '${name}' changed from ${old} to ${current}`;
  }
  return undefined;
}

function rangesOf({ ranges }: AttributeJson): { readonly ranges?: NonNullable<Ranges> } {
  return ranges === undefined ? {} : { ranges };
}

function valueText({ scalar, ranges, text }: AttributeJson): string {
  return text?.value ?? (scalar === undefined ? rangesText(ranges) : String(scalar.value));
}

function rangesText(ranges: Ranges): string {
  return `[${(ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(", ")}]`;
}
