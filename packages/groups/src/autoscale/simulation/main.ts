// SPDX-License-Identifier: Apache-2.0
import { runSimulation } from "./command";

process.exitCode = runSimulation(process.argv.slice(2), {
  directory: process.cwd(),
  out: (line) => console.log(line),
  err: (line) => console.error(line),
});
