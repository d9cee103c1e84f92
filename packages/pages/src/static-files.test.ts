// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { sharedFiles } from "./index";

/** A browser's module, loaded here: these two touch no page. */
async function load(name: string): Promise<Record<string, new () => { push(chunk: Uint8Array): unknown[] }>> {
  return await import(pathToFileURL(path.join(__dirname, "..", "static", name)).href);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a reader finds when the text comes in pieces of that many bytes. */
async function inPieces(name: string, reader: string, text: string, size: number): Promise<unknown[]> {
  const Reader = (await load(name))[reader] ?? assert.fail(reader);
  const made = new Reader();
  const all = bytes(text);
  const found: unknown[] = [];
  for (let at = 0; at < all.length; at += size) found.push(...made.push(all.subarray(at, at + size)));
  return found;
}

describe("the files that pages share", () => {
  it("are the look and the modules, with a type and a policy that allows nothing inline", () => {
    const files = sharedFiles();
    assert.equal(files.get("page.css")?.headers["content-type"], "text/css; charset=utf-8");
    assert.equal(files.get("table.js")?.headers["content-type"], "text/javascript; charset=utf-8");
    assert.equal(files.get("icon.svg")?.headers["content-type"], "image/svg+xml");
    for (const [name, { headers }] of files) {
      const policy = headers["content-security-policy"] ?? "";
      assert.match(policy, /default-src 'none'/, name);
      assert.doesNotMatch(policy, /unsafe|\*|data:/, name);
      assert.equal(headers["x-content-type-options"], "nosniff", name);
    }
  });

  it("are looked up by name, never by a path", () => {
    for (const name of ["../package.json", "package.json", "tsconfig.json", "", "..", "__proto__"]) {
      assert.equal(sharedFiles().get(name), undefined, name);
    }
  });
});

describe("RecordReader", () => {
  it("finds the records wherever the stream is cut", async () => {
    const records = ["", '{"a":1}', "ein Ä und ein 🎈", "x".repeat(300)];
    const text = records.map((record) => `${bytes(record).length}\n${record}`).join("");
    for (let size = 1; size < 40; size++) {
      assert.deepEqual(await inPieces("record-io.js", "RecordReader", text, size), records, `${size}`);
    }
  });

  it("fails when the stream is something else", async () => {
    for (const text of ["<html>", "\n5\nabcde", "-1\n", "99999999999999999\n"]) {
      await assert.rejects(inPieces("record-io.js", "RecordReader", text, 3), /not RecordIO/);
    }
  });
});

describe("SseReader", () => {
  it("finds the events wherever the stream is cut, whatever ends its lines", async () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const text = [
        "event: a",
        "data: eins Ä",
        "data: zwei",
        "",
        ": comment",
        "",
        "data:{}",
        "",
        "",
        "data: cut",
      ].join(end);
      const wanted = [
        { event: "a", data: "eins Ä\nzwei" },
        { event: "message", data: "{}" },
      ];
      for (let size = 1; size < 30; size++) {
        assert.deepEqual(await inPieces("sse.js", "SseReader", text, size), wanted, `${size}`);
      }
    }
  });
});
