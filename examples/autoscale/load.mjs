// SPDX-License-Identifier: Apache-2.0
// node load.mjs URL RATE [SECONDS]: so many requests a second, whether the answers come or not, and a line a second of how
// long they took. Ctrl-C ends it.
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const [url, rate = "50", seconds = "600"] = process.argv.slice(2);
if (url === undefined || !(Number(rate) > 0)) {
  console.error("usage: node load.mjs URL RATE [SECONDS]");
  process.exit(2);
}

const agent = new Agent({ keepAlive: true });
let [took, failed, open] = [[], 0, 0];
const reasons = new Map();

function ask() {
  const began = performance.now();
  open += 1;
  const done = (failure) => {
    open -= 1;
    if (failure === undefined) {
      took.push(performance.now() - began);
      return;
    }
    failed += 1;
    reasons.set(failure, (reasons.get(failure) ?? 0) + 1);
  };
  request(url, { agent }, (response) => {
    const { statusCode } = response;
    response.resume().once("end", () => done(statusCode === 200 ? undefined : `status ${statusCode}`));
  })
    .once("error", (error) => done(error.code ?? error.message))
    .end();
}

function tell() {
  const sorted = took.sort((a, b) => a - b);
  const at = (share) => `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`;
  console.log(
    `${sorted.length} answered, ${failed} failed, ${open} open; half in ${at(0.5)}, 99 % in ${at(0.99)}`,
  );
  if (failed > 0) console.error([...reasons].map(([reason, n]) => `${n} times ${reason}`).join(", "));
  [took, failed] = [[], 0];
  reasons.clear();
}

const began = performance.now();
const every = setInterval(tell, 1000);
for (let [sent, now] = [0, 0]; now < 1000 * Number(seconds); now = performance.now() - began) {
  for (; sent < (now * Number(rate)) / 1000; sent++) ask();
  // Also when it is late: answers come in meanwhile.
  await delay(5);
}
clearInterval(every);
while (open > 0) await delay(100);
tell();
agent.destroy();
