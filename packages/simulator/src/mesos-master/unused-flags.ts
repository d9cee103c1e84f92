// SPDX-License-Identifier: Apache-2.0
import { type FlagTable, optional, text } from "../flags";

const unused = (file = false) => optional(text, "Accepted, without effect here", { file });
const refused = optional(text, "Refused when set: not simulated");

/** Real flags that change nothing here, so that a real command line works. */
export const unusedMasterFlags = {
  authentication_v0_timeout: unused(),
  http_cors_allowed_origins: unused(),
  max_executors_per_agent: unused(),
  offer_constraints_re2_max_mem: unused(),
  offer_constraints_re2_max_program_size: unused(),
  rate_limits: unused(true),
} satisfies FlagTable;

/** Real flags without which the cluster would be less guarded, or not be the one that was asked for. */
export const refusedMasterFlags = {
  hooks: refused,
  master_contender: refused,
  master_detector: refused,
  modules: refused,
  whitelist: refused,
} satisfies FlagTable;
