// SPDX-License-Identifier: Apache-2.0
// `npm run test:chaos -- [--seed N] [--schedules N] [--rolls N]`: sets the machine up, then strikes clusters of programs, and changes
// that roll through masters, by schedules from seeds.
import { runCompiled } from "./setup/run-compiled.mjs";

await runCompiled("test/dist/chaos/main.js");
