// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fetchUris } from "./fetch-uris";

describe("the fetcher (docs/fetcher.md)", () => {
  let directory: string;
  let sandbox: string;
  let server: Server;
  let url: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "fetch-uris-"));
    sandbox = join(directory, "sandbox");
    mkdirSync(sandbox);
    server = createServer((request, answer) => {
      if (request.url === "/moved") return answer.writeHead(302, { location: "/plain.txt" }).end();
      if (request.url?.startsWith("/plain.txt") === true) return answer.end("plain");
      return answer.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.103.5.1", resolve));
    const address = server.address();
    url = `http://127.103.5.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });

  const get = async (...uris: Parameters<typeof fetchUris>[0]) =>
    await fetchUris(uris, {
      sandbox,
      containerId: "c1",
      path: process.env["PATH"] ?? "",
      signal: AbortSignal.timeout(20_000),
    });
  const text = (name: string) => readFileSync(join(sandbox, name), "utf8");

  it("downloads, follows redirects, renames, and makes executable", async () => {
    await get(
      { value: `${url}/plain.txt?token=1` },
      { value: `${url}/moved`, output_file: "sub/other" },
      { value: `${url}/plain.txt`, output_file: "program.tar", executable: true },
    );
    assert.deepEqual(
      [text("plain.txt"), text("sub/other"), text("program.tar")],
      ["plain", "plain", "plain"],
    );
    assert.equal(statSync(join(sandbox, "program.tar")).mode & 0o111, 0o111);
  });

  it("copies files of this machine and extracts archives by their extension, unless told not to", async () => {
    writeFileSync(join(directory, "inside"), "packed");
    execFileSync("tar", ["-C", directory, "-czf", join(directory, "a.tgz"), "inside"]);
    writeFileSync(join(directory, "b.txt.gz"), gzipSync("zipped"));
    await get({ value: `file://${directory}/a.tgz` }, { value: `${directory}/b.txt.gz` });
    assert.deepEqual([text("inside"), text("b.txt")], ["packed", "zipped"]);
    rmSync(join(sandbox, "inside"));
    await get({ value: `${directory}/a.tgz`, extract: false });
    assert.throws(() => text("inside"), /ENOENT/);
  });

  it("fails when one cannot be had, in the real words, and keeps passwords out of the log", async () => {
    const failed =
      /^Failed to launch container: Failed to fetch all URIs for container 'c1': exited with status 1$/;
    for (const value of [
      `${url.replace("//", "//user:secret@")}/none`,
      "/no/such/file",
      "hdfs://x/y",
      `${directory}/x/..`,
    ]) {
      await assert.rejects(get({ value }), (error: Error) => failed.test(error.message));
    }
    assert.match(text("stderr"), /there is no file '\/no\/such\/file'/);
    assert.doesNotMatch(text("stderr"), /secret/);
  });
});
