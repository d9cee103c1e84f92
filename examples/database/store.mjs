// SPDX-License-Identifier: Apache-2.0
// A key-value store over HTTP: PUT /key writes, GET /key reads. Its journal in ./data is on disk before it answers.
import { existsSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

mkdirSync("data", { recursive: true });
const journal = "data/journal";
const values = new Map();
if (existsSync(journal)) {
  // What follows the last end of line was being written when an earlier task died: nobody was told that it is kept.
  for (const line of readFileSync(journal, "utf8").split("\n").slice(0, -1)) {
    const [key, value] = JSON.parse(line);
    values.set(key, value);
  }
}
const file = openSync(journal, "a");

const server = createServer(async (request, response) => {
  const key = request.url;
  if (request.method === "PUT") {
    const value = await text(request);
    writeSync(file, `${JSON.stringify([key, value])}\n`);
    fdatasyncSync(file);
    values.set(key, value);
    response.end();
  } else if (key === "/") {
    response.end(`${values.size} keys\n`);
  } else {
    response.statusCode = values.has(key) ? 200 : 404;
    response.end(values.get(key));
  }
});
server.listen(Number(process.env.PORT0), process.env.HOST);
process.on("SIGTERM", () => process.exit(0));
