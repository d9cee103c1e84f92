// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- [NAME] [OPTIONS]`: sets the machine up, then runs one bench or all of them.
import { findDocker } from "./setup/docker.mjs";
import { privateNetwork } from "./setup/private-network.mjs";
import { step } from "./setup/report.mjs";
import { runCompiled } from "./setup/run-compiled.mjs";
import { withDocker } from "./setup/with-docker.mjs";

const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));

/** One bench measures on Docker, too, where there is a dockerd. */
async function provide(engine, around, run) {
  const env = { ...around, BENCH_PRIVATE_NETWORK: JSON.stringify(privateNetwork()) };
  if (names.length > 0 && !names.includes("rollout")) return run(env);
  await step("docker", findDocker);
  return withDocker({ name: "rollout", keep: true, engine }, env, run);
}

await runCompiled("bench/dist/main.js", provide);
