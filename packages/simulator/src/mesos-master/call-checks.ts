// SPDX-License-Identifier: Apache-2.0
import { hasField, type Json } from "../v1";

/** Calls whose own message may be left out. */
const optional = new Set(["GET_METRICS", "REVIVE", "SUPPRESS"]);

const onlyAgents = "Expecting 'agent_id' to be present; only agent default resources are supported right now";

function part(call: Json, key: string): Json | undefined {
  return call[key] as Json | undefined;
}

function idOf(message: Json | undefined, key: string): string {
  return (message?.[key] as { readonly value?: string } | undefined)?.value ?? "";
}

/** Why a `master::Call` is refused, in Mesos's words; `UNKNOWN` is none of its calls and passes. */
export function invalidMasterCall(call: Json): string | undefined {
  const type = call["type"];
  if (typeof type !== "string") return "Expecting 'type' to be present";
  const key = type.toLowerCase();
  const own = part(call, key);
  if (own === undefined && hasField("mesos.v1.master.Call", key) && !optional.has(type)) {
    return `Expecting '${key}' to be present`;
  }
  if ((type === "GROW_VOLUME" || type === "SHRINK_VOLUME") && own?.["agent_id"] === undefined) {
    return onlyAgents;
  }
  return undefined;
}

/** Why a `scheduler::Call` is refused, in Mesos's words and order. */
export function invalidSchedulerCall(call: Json): string | undefined {
  const type = call["type"];
  if (typeof type !== "string") return "Expecting 'type' to be present";
  const key = type.toLowerCase();
  const own = part(call, key);
  const info = part(own ?? {}, "framework_info");
  if (type === "SUBSCRIBE") {
    if (own === undefined) return "Expecting 'subscribe' to be present";
    if (idOf(info, "id") !== idOf(call, "framework_id")) {
      return "'framework_id' differs from 'subscribe.framework_info.id'";
    }
    return undefined;
  }
  if (call["framework_id"] === undefined) return "Expecting 'framework_id' to be present";
  if (own === undefined && hasField("mesos.v1.scheduler.Call", key) && !optional.has(type)) {
    return `Expecting '${key}' to be present`;
  }
  if (type === "ACKNOWLEDGE" || type === "ACKNOWLEDGE_OPERATION_STATUS") {
    if (!isUuid(String(own?.["uuid"]))) return "Not a valid UUID";
    if (own?.["agent_id"] === undefined) return "Expecting 'agent_id' to be present";
  }
  if (type === "UPDATE_FRAMEWORK" && idOf(info, "id") !== idOf(call, "framework_id")) {
    return "'framework_id' differs from 'update_framework.framework_info.id'";
  }
  return undefined;
}

/** Whether base64 text is 16 bytes with the mark of a UUID's version. */
function isUuid(base64: string): boolean {
  const bytes = Buffer.from(base64, "base64");
  const version = (bytes[6] ?? 0) >> 4;
  return bytes.length === 16 && version >= 1 && version <= 5;
}
