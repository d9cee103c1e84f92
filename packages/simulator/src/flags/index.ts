// SPDX-License-Identifier: Apache-2.0
export {
  type Flag,
  type FlagSource,
  type FlagTable,
  type FlagValues,
  optional,
  type ParsedFlags,
  parseFlags,
  toggle,
  usageOf,
  withDefault,
  withoutPassword,
} from "./flags";
export { ambiguousIp, listenIp, parseFirewall, refusedFlags } from "./program-flags";
export {
  bytes,
  decimal,
  duration,
  formatDuration,
  integer,
  list,
  oneOf,
  percentage,
  rate,
  text,
} from "./values";
