// SPDX-License-Identifier: Apache-2.0
export { type Clock, systemClock } from "./clock";
export type { MarathonSource } from "./discovery/discovery";
export { marathonSource } from "./discovery/marathon-source";
export { createEdge, type Edge, type EdgeDependencies } from "./edge";
export { findHaproxy } from "./haproxy/find-haproxy";
export type { Log } from "./log";
export { type Option, options, type RawOptions } from "./option-table";
export { type EdgeOptions, gather, parseOptions } from "./options";
