// SPDX-License-Identifier: Apache-2.0
export { packageSchema } from "./schema";
export { createPlugin, type Plugin, type PluginOptions } from "./server";
