// SPDX-License-Identifier: Apache-2.0
import path from "node:path";

/** The repository's root; compiled files lie in `test/dist/support`. */
export const repository = path.resolve(__dirname, "../../..");

/** The directory in which the engine finds the plugin. */
export const pluginDirectory = path.join(repository, "node_modules/.bin");
