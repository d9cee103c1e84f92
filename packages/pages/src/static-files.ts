// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** One file as it is sent. */
export interface StaticFile {
  readonly body: Buffer;
  /** Type, caching and {@link security}. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Files by the last part of their URL. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * What every page and its files are sent with: scripts, styles and requests only from and to the page's own server,
 * nothing inline, never inside another page. Names of tasks and labels of apps are hostile input to these pages.
 */
const security: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/**
 * Reads the web files of a folder once. Requests are looked up among them by name, so that no request is ever a path on
 * the disk; everything else in the folder stays out.
 */
export function staticFolder(folder: string): StaticFiles {
  const names = readdirSync(folder).filter((name) => path.extname(name) in types);
  return new Map(names.map((name) => [name, read(path.join(folder, name))]));
}

function read(file: string): StaticFile {
  const type = types[path.extname(file)] ?? "application/octet-stream";
  return {
    body: readFileSync(file),
    headers: { ...security, "content-type": type, "cache-control": "no-cache" },
  };
}

let shared: StaticFiles | undefined;

/** The look and the modules that all pages load, to be served below `/pages/` by the program that shows a page. */
export function sharedFiles(): StaticFiles {
  shared ??= staticFolder(path.join(__dirname, "..", "static"));
  return shared;
}
