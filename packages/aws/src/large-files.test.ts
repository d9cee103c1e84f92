// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { largeFiles } from "./large-files";
import { bucketPrefix } from "./stored-object";
import { type NodeFile, type NodeProgram, userDataLimit } from "./user-data";

const program: NodeProgram = {
  member: "demo-edge-1",
  region: "eu-central-1",
  image: "pulumi-mesos/edge:0.1.0",
  words: ["edge"],
  files: [],
  stop: { signal: "SIGTERM", graceSeconds: 10 },
  packages: ["docker"],
};
/** A file that no compression makes smaller than `bytes`. */
const noise = (path: string, bytes: number): NodeFile => ({
  path,
  mode: "0400",
  content: randomBytes(bytes).toString("base64"),
});
const secret: NodeFile = { path: "/s", mode: "0400", parameter: { name: "/p/s/demo-edge-1/s", version: 1 } };
const large = (...files: NodeFile[]): unknown => largeFiles({ ...program, files });

describe("files that are too large for user data", () => {
  it("are none where all fit, compressed or not", () => {
    assert.deepEqual(large(secret), new Set());
    assert.deepEqual(large(secret, noise("/a", 10_000)), new Set());
    const repeated = { path: "/a", mode: "0400", content: "the same\n".repeat(10_000) };
    assert.deepEqual(large(repeated), new Set());
  });

  it("are the largest, until the rest fits, and no secret", () => {
    const files = [noise("/small", 100), noise("/a", 9000), secret, noise("/b", 20_000), noise("/c", 5000)];
    assert.deepEqual(large(...files), new Set(["/b"]));
    assert.deepEqual(large(...files, noise("/d", 8000)), new Set(["/b", "/a"]));
  });

  it("fails with how long user data are where no file makes them so", () => {
    const words = ["edge", randomBytes(20_000).toString("base64")];
    const left = largeFiles({ ...program, words, files: [noise("/a", 10_000)] });
    assert.ok("bytes" in left && left.bytes > userDataLimit);
  });
});

describe("the bucket of files", () => {
  it("is named by its resource, or begins with what S3 takes of that", () => {
    for (const right of ["platform-files", "Eu-1-files", "a.b-files", `${"x".repeat(49)}-files`])
      assert.equal(bucketPrefix(right), undefined, right);
    assert.equal(bucketPrefix("My_platform-files"), "my-platform-files-");
    assert.equal(bucketPrefix("_ä..b-files"), "b-files-");
    assert.equal(bucketPrefix("a..b-files"), "a-b-files-");
    const long = bucketPrefix(`${"x".repeat(50)}-files`);
    assert.equal(long, `${"x".repeat(36)}-`);
  });
});
