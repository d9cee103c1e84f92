// SPDX-License-Identifier: Apache-2.0
import type { ConversionJson } from "../protocol/operations";
import type { ExecutorInfo, FrameworkInfo, TaskInfo, Value } from "../protocol/types";
import type { ExecutorArgs } from "./executors";
import type { OfferConstraintsJson } from "./offer-constraints";

/** An answer to a call that is not 202. */
export interface CallRefusal {
  readonly status: number;
  readonly message: string;
}

interface InverseOfferAnswer {
  readonly inverse_offer_ids?: readonly Value[];
  readonly filters?: { readonly refuse_seconds?: number };
}

/** A call as it arrives, checked only as far as `type`. */
export interface SchedulerCall {
  readonly type: string;
  readonly framework_id?: Value;
  readonly subscribe?: {
    readonly framework_info?: FrameworkInfo;
    readonly suppressed_roles?: readonly string[];
    readonly offer_constraints?: OfferConstraintsJson;
  };
  readonly accept?: {
    readonly offer_ids?: readonly Value[];
    readonly operations?: readonly (ConversionJson & {
      readonly launch?: { readonly task_infos?: readonly TaskInfo[] };
      readonly launch_group?: {
        readonly executor?: ExecutorInfo;
        readonly task_group?: { readonly tasks?: readonly TaskInfo[] };
      };
    })[];
    readonly filters?: { readonly refuse_seconds?: number };
  };
  readonly decline?: {
    readonly offer_ids?: readonly Value[];
    readonly filters?: { readonly refuse_seconds?: number };
  };
  readonly kill?: {
    readonly task_id?: Value;
    readonly agent_id?: Value;
    readonly kill_policy?: { readonly grace_period?: { readonly nanoseconds?: number | string } };
  };
  readonly acknowledge?: { readonly agent_id?: Value; readonly task_id?: Value; readonly uuid?: string };
  readonly reconcile?: {
    readonly tasks?: readonly { readonly task_id?: Value; readonly agent_id?: Value }[];
  };
  readonly message?: ExecutorArgs;
  readonly shutdown?: ExecutorArgs;
  readonly update_framework?: {
    readonly framework_info?: FrameworkInfo;
    readonly suppressed_roles?: readonly string[];
    readonly offer_constraints?: OfferConstraintsJson;
  };
  readonly accept_inverse_offers?: InverseOfferAnswer;
  readonly decline_inverse_offers?: InverseOfferAnswer;
  readonly revive?: { readonly roles?: readonly string[] };
  readonly suppress?: { readonly roles?: readonly string[] };
  readonly acknowledge_operation_status?: {
    readonly agent_id?: Value;
    readonly uuid?: string;
    readonly operation_id?: Value;
  };
  readonly reconcile_operations?: {
    readonly operations?: readonly { readonly operation_id?: Value; readonly agent_id?: Value }[];
  };
}
