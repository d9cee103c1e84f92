// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { runCli } from "./cli";

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort("SIGTERM"));
process.once("SIGINT", () => stop.abort("SIGINT"));
// Whoever reads has what it wants, as in `logs -f | head`: that ends the program as SIGPIPE ends others, without a word.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(128 + constants.signals.SIGPIPE);
  console.error(`error: ${error.message}`);
  process.exit(1);
});
runCli(process.argv.slice(2), {
  directory: process.cwd(),
  environment: process.env,
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  signal: stop.signal,
}).then(
  (code) => {
    process.exit(code);
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
