// SPDX-License-Identifier: Apache-2.0
import { runCli } from "./cli";

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort("SIGTERM"));
process.once("SIGINT", () => stop.abort("SIGINT"));
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
