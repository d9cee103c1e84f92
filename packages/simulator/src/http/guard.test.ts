// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type GuardedRequest, refusal } from "./guard";

const post: GuardedRequest = {
  method: "POST",
  host: "127.0.0.1:5050",
  origin: undefined,
  contentType: "application/json",
};
const status = (more: Partial<GuardedRequest>, names: string[] = []): number =>
  refusal({ ...post, ...more }, new Set(names))?.status ?? 200;

describe("the browser guard", () => {
  it("lets programs pass by address, localhost and advertised name", () => {
    for (const host of ["127.0.0.1:5050", "[::1]:5050", "localhost:5050", "10.0.0.1", undefined]) {
      assert.equal(status({ host }), 200);
    }
    assert.equal(status({ host: "M1.example:5050" }, ["m1.example"]), 200);
  });

  it("fails when the Host is a foreign name", () => {
    assert.equal(status({ host: "evil.example:5050" }), 403);
    assert.equal(status({ host: "evil.example", method: "GET" }), 403);
    assert.equal(status({ host: "127.0.0.1.evil.example" }), 403);
  });

  it("fails when the Origin is foreign or opaque, and lets its own pages pass", () => {
    assert.equal(status({ origin: "http://evil.example" }), 403);
    assert.equal(status({ origin: "null" }), 403);
    assert.equal(status({ origin: "http://127.0.0.1:8080" }), 403);
    assert.equal(status({ origin: "http://127.0.0.1:5050" }), 200);
  });

  it("lets a listed origin read, and fails when it changes something", () => {
    const as = (method: string, readers: string[]) =>
      refusal({ ...post, method, origin: "http://Page.example" }, new Set(), new Set(readers))?.status ?? 200;
    for (const readers of [["http://page.example"], ["*"]]) {
      for (const method of ["GET", "HEAD", "OPTIONS"]) assert.equal(as(method, readers), 200);
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) assert.equal(as(method, readers), 403);
    }
    assert.equal(as("GET", ["http://other.example"]), 403);
  });

  it("lets its own pages pass over TLS, too", () => {
    assert.equal(status({ origin: "https://127.0.0.1:5050" }), 200);
  });

  it("fails when a media type needs no preflight", () => {
    for (const contentType of [
      "text/plain",
      "Text/Plain; x=1",
      "multipart/form-data",
      "application/x-www-form-urlencoded",
    ]) {
      assert.equal(status({ contentType }), 415);
      assert.equal(status({ contentType, method: "GET" }), 200);
    }
    assert.equal(status({ contentType: undefined }), 200);
    assert.equal(status({ contentType: "application/x-www-form-urlencoded", forms: true }), 200);
    assert.equal(status({ contentType: "text/plain", forms: true, origin: "http://evil.example" }), 403);
  });
});
