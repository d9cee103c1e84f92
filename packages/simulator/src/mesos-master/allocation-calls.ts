// SPDX-License-Identifier: Apache-2.0
import type { Leader } from "./leader";
import {
  type QuotaRequest,
  quotaStatus,
  removeQuota,
  setQuota,
  type UpdateQuota,
  updateQuota,
} from "./quota";
import { getRoles } from "./roles-json";
import type { CallRefusal } from "./scheduler-call";
import { updateWeights, type WeightInfo, weightsOf } from "./weights";

type Json = Record<string, unknown>;

/** Reading calls of the operator API about roles. */
export const allocationReaders: Readonly<
  Record<string, (leader: Leader, principal: string | undefined) => Json>
> = {
  GET_ROLES: ({ context }, principal) => getRoles(context, principal),
  GET_WEIGHTS: ({ context }) => ({ weight_infos: weightsOf(context) }),
  GET_QUOTA: ({ context }, principal) => ({ status: quotaStatus(context, principal) }),
};

/** Calls that change what roles get. */
export const allocationChanges: Readonly<
  Record<string, (leader: Leader, args: Json) => Promise<CallRefusal | undefined>>
> = {
  UPDATE_WEIGHTS: ({ context }, args) =>
    updateWeights(context, (args["weight_infos"] ?? []) as readonly WeightInfo[]),
  UPDATE_QUOTA: ({ context }, args) => updateQuota(context, args as UpdateQuota),
  SET_QUOTA: ({ context }, args) => setQuota(context, (args["quota_request"] ?? {}) as QuotaRequest),
  REMOVE_QUOTA: ({ context }, args) => removeQuota(context, String(args["role"] ?? ""), "call REMOVE_QUOTA"),
};
