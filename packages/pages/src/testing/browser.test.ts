// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { sharedFiles } from "../index";
import { TestBrowser } from "./browser";

/** A page of a few lines, with the shared modules behind it. */
const script = `
import { el, byId, webAddress, confirmed } from "/pages/dom.js";
import { bar } from "/pages/cells.js";
import { LiveTable } from "/pages/table.js";
const table = new LiveTable(byId("table"), { title: "Things", key: (row) => row.id, filter: (row) => row.id, shown: 3,
  columns: [
    { name: "Id", cell: (row) => row.id },
    { name: "Link", cell: (row) => ({ text: "go", href: row.url }) },
    { name: "Bar", cell: (row) => bar(String(row.n), [{ part: row.n, fill: "good" }], 10) },
  ] });
window.table = table;
window.webAddress = webAddress;
window.confirmed = confirmed;
`;
const page = `<!doctype html><html lang="en"><head><title>t</title><link rel="stylesheet" href="/pages/page.css">
<script type="module" src="/own.js"></script><script>document.title = "inline ran"</script></head>
<body><main><section id="table"></section></main></body></html>`;

function served(): Server {
  const headers = sharedFiles().get("table.js")?.headers ?? assert.fail();
  const html = { ...headers, "content-type": "text/html; charset=utf-8" };
  return createServer((request, response) => {
    const shared = sharedFiles().get((request.url ?? "").replace("/pages/", ""));
    if (request.url === "/") response.writeHead(200, html).end(page);
    else if (request.url === "/own.js") response.writeHead(200, headers).end(script);
    else if (shared !== undefined) response.writeHead(200, shared.headers).end(shared.body);
    else response.writeHead(404).end();
  });
}

function processesWith(text: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text);
    } catch {
      return false; // it ended meanwhile
    }
  });
}

describe("a page in Chromium", function () {
  this.timeout(240_000);
  let server: Server;
  let url: string;
  let folder: string;
  let temporary: string | undefined;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "pages-test-"));
    temporary = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder;
    server = served();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(async () => {
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  it("runs no inline script, updates tables in place, and leaves no process and no profile", async () => {
    const browser = await TestBrowser.open();
    try {
      const seen = await browser.page({ width: 390 });
      await seen.page.goto(url);
      const update = async (rows: unknown): Promise<unknown> =>
        await seen.page.evaluate(`table.update(${JSON.stringify(rows)})`);
      const row = (id: string, n = 1, link = "http://x.test/"): unknown => ({ id, n, url: link });
      await update([row("a"), row("b", 1, "javascript:alert(1)"), row("c"), row("d")]);
      await seen.sees("#table tbody", /^a ?go1b ?go1c ?go1$/);
      await seen.sees("#table .more", /3 of 4 shown/);
      assert.equal((await seen.page.$$("#table a")).length, 2);
      assert.equal(await seen.page.title(), "t");
      assert.match(seen.errors.join(), /Content Security Policy/);
      await seen.page.evaluate(
        "window.kept = document.querySelector('#table tbody tr'); document.querySelector('#table a').focus()",
      );
      await update([row("new"), row("c"), row("a", 5)]);
      await seen.sees("#table tbody", /^new ?go1c ?go1a ?go5$/);
      assert.equal(await seen.page.evaluate("document.activeElement.closest('tr') === window.kept"), true);
      assert.equal(await seen.page.evaluate("document.querySelector('.bar i').style.width"), "10%");
      assert.equal(await seen.scrollsSideways(), false);
    } finally {
      await browser.close();
    }
    assert.deepEqual(processesWith(folder), []);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("asks before what cannot be undone, by keyboard, too", async () => {
    const browser = await TestBrowser.open();
    try {
      const seen = await browser.page();
      await seen.page.goto(url);
      await seen.page.waitForFunction("window.confirmed !== undefined");
      for (const [key, answer] of [
        ["Escape", false],
        ["Enter", false],
      ] as const) {
        await seen.page.evaluate("void (window.answer = window.confirmed('Really?', 'Yes'))");
        await seen.sees("dialog", /Really/);
        await seen.page.keyboard.press(key);
        assert.equal(await seen.page.evaluate("window.answer"), answer);
      }
      await seen.page.evaluate("void (window.answer = window.confirmed('Really?', 'Yes'))");
      await seen.press("Yes", "dialog");
      assert.equal(await seen.page.evaluate("window.answer"), true);
      const addresses = ["https://a.test/", "javascript:1", "data:text/html,x", "//b.test", "x", undefined];
      assert.deepEqual(
        await seen.page.evaluate(
          `${JSON.stringify(addresses.map((a) => a ?? ""))}.map((a) => webAddress(a) ?? "")`,
        ),
        ["https://a.test/", "", "", "", "", ""],
      );
    } finally {
      await browser.close();
    }
  });
});
