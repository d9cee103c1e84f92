// SPDX-License-Identifier: Apache-2.0
// A shop whose database takes 40 ms a request and ten at a time: 250 a second at most, and whoever comes when it is busy
// waits. SIGTERM lets those in who are there, and ends when they have their answer.
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const [places, workMs] = [10, 40];
const waiting = [];
let busy = 0;

async function worked() {
  if (busy >= places) await new Promise((resolve) => waiting.push(resolve));
  else busy += 1;
  await delay(workMs);
  const next = waiting.shift();
  if (next === undefined) busy -= 1;
  else next();
}

const server = createServer(async (request, response) => {
  if (request.url !== "/health") await worked();
  response.end("sold\n");
});
// Also who has not been let in yet waits, and is not turned away by the kernel.
server.listen({ port: Number(process.env.PORT0), backlog: 4096 });
process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
});
