// SPDX-License-Identifier: Apache-2.0
import { type Identity, watchOffers } from "./framework";

const { MESOS_ROLE: role, MESOS_PRINCIPAL: principal, MESOS_SECRET: secret } = process.env;
const identity: Identity = {
  role,
  credential: principal === undefined || secret === undefined ? undefined : { principal, secret },
};
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const master = process.argv[2] ?? "http://127.0.0.1:5050";
watchOffers(master, identity, console.log, stop.signal).catch((error: unknown) => {
  if (stop.signal.aborted) return;
  console.error(String(error));
  process.exitCode = 1;
});
