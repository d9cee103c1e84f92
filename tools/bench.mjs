// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- [NAME] [OPTIONS]`: sets the machine up, then runs one bench or all of them.
import { runCompiled } from "./setup/run-compiled.mjs";

await runCompiled("bench/dist/main.js");
