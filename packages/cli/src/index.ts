// SPDX-License-Identifier: Apache-2.0
export { runCli, type Surroundings } from "./cli";
