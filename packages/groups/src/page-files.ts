// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import { type StaticFile, sharedFiles, staticFolder } from "@pulumi-mesos/pages";

const own = staticFolder(path.join(__dirname, "..", "static"));

/** The page's file at a path; it tells nothing of what the controller knows. */
export function pageFile(pathname: string): StaticFile | undefined {
  if (pathname === "/") return own.get("index.html");
  const [, folder, name = ""] = /^\/(ui|pages)\/([^/]+)$/.exec(pathname) ?? [];
  if (folder === "pages") return sharedFiles().get(name);
  return folder === "ui" && name !== "index.html" ? own.get(name) : undefined;
}
