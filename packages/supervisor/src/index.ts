// SPDX-License-Identifier: Apache-2.0
export { end } from "./end";
export { asksOverNetwork, attemptOverNetwork, describeProbe } from "./probe";
export { findProgram, searchPath } from "./programs";
export { type Scope, scopeOf, stateRoot } from "./scope";
export { type StartOptions, start } from "./start";
export { list, type ProcessStatus, read } from "./status";
export { listVolumes, makeVolume, readInVolume, removeVolume, volumeExists } from "./volumes";
