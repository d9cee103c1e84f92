// SPDX-License-Identifier: Apache-2.0
import type { ConversionJson } from "../protocol/operations";
import type { Leader } from "./leader";
import type { CallRefusal } from "./scheduler-call";

type Json = Record<string, unknown>;
type Change = (leader: Leader, args: Json, principal: string | undefined) => Promise<CallRefusal>;

const accepted: CallRefusal = { status: 202, message: "" };

/** What a call of the operator API asks of an agent's resources; each is answered with 202 once it is checked. */
export const conversionChanges: Readonly<Record<string, Change>> = {
  RESERVE_RESOURCES: change(({ source, resources }) => ({
    type: "RESERVE",
    reserve: { ...(source === undefined ? {} : { source }), resources },
  })),
  UNRESERVE_RESOURCES: change(({ resources }) => ({ type: "UNRESERVE", unreserve: { resources } })),
  CREATE_VOLUMES: change(({ volumes }) => ({ type: "CREATE", create: { volumes } })),
  DESTROY_VOLUMES: change(({ volumes }) => ({ type: "DESTROY", destroy: { volumes } })),
  GROW_VOLUME: change(({ volume, addition }) => ({ type: "GROW_VOLUME", grow_volume: { volume, addition } })),
  SHRINK_VOLUME: change(({ volume, subtract }) => ({
    type: "SHRINK_VOLUME",
    shrink_volume: { volume, subtract },
  })),
};

function change(operation: (args: Json) => Json): Change {
  return async (leader, args, principal) => {
    const { agent_id: agentId, ...rest } = args;
    const id = (agentId as { value?: unknown } | undefined)?.value;
    return operate(leader, typeof id === "string" ? id : "", operation(rest), principal) ?? accepted;
  };
}

/** Does what an operator asks; the operation is checked as what a framework sends is. */
export function operate(
  leader: Leader,
  agentId: string,
  operation: Json,
  principal: string | undefined,
): CallRefusal | undefined {
  const agent = leader.context.state.agents.get(agentId);
  if (agent === undefined) return { status: 400, message: "No agent found with specified ID" };
  return leader.conversions.operate(agent, operation as unknown as ConversionJson, principal);
}
