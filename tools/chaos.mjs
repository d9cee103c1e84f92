// SPDX-License-Identifier: Apache-2.0
// `npm run test:chaos -- [--seed N] [--schedules N] [--rolls N] [--crashes N] [--storms N] [--only STAGE]...`: sets the machine up, then strikes clusters of
// programs, and changes that roll through masters, by schedules from seeds, ends an engine at every verb of every resource, and keeps
// a group of agents through storms.
import { runCompiled } from "./setup/run-compiled.mjs";

await runCompiled("test/dist/chaos/main.js");
