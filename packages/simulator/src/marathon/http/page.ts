// SPDX-License-Identifier: Apache-2.0
import { type StaticFile, type StaticFiles, sharedFiles } from "@pulumi-mesos/pages";
import { pageOf } from "../../http";

let own: StaticFiles | undefined;

/** The file of Marathon's page at `pathname`: `/ui/` itself, what is below it, and what pages share below `/pages/`. */
export function pageFile(pathname: string): StaticFile | undefined {
  own ??= pageOf("marathon");
  if (pathname === "/ui/") return own.get("index.html");
  const [, folder, name = ""] = /^\/(ui|pages)\/([^/]+)$/.exec(pathname) ?? [];
  if (folder === "pages") return sharedFiles().get(name);
  return folder === "ui" ? own.get(name) : undefined;
}
