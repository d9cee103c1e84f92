// SPDX-License-Identifier: Apache-2.0
import { watchOffers } from "./framework";

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
watchOffers(process.argv[2] ?? "http://127.0.0.1:5050", console.log, stop.signal).catch((error: unknown) => {
  if (stop.signal.aborted) return;
  console.error(String(error));
  process.exitCode = 1;
});
