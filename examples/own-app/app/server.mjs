// SPDX-License-Identifier: Apache-2.0
import { createServer } from "node:http";

const greeting = "Hello from version 1";

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(request.url === "/health" ? "ok\n" : `${greeting}\n`);
});
server.listen(8080);

// Mesos says SIGTERM: what has begun is answered, and nothing else is taken.
process.once("SIGTERM", () => server.close());
