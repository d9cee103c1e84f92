// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { HaproxyProgram } from "./validate";

/** Finds HAProxy on PATH, in /usr/sbin, or among the programs that the set-up keeps; it gets PATH and the supervisor's mark only. */
export async function findHaproxy(
  env: Readonly<Record<string, string | undefined>>,
): Promise<HaproxyProgram> {
  const home = env["HOME"] ?? "/root";
  const cache = join(env["XDG_CACHE_HOME"] || join(home, ".cache"), "pulumi-mesos", "bin");
  const path = [...(env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin", cache].filter((d) =>
    d.startsWith("/"),
  );
  const mark = env["SUPERVISED_BY"];
  for (const directory of path) {
    const file = join(directory, "haproxy");
    if (await executable(file)) {
      return { file, env: { PATH: path.join(":"), ...(mark && { SUPERVISED_BY: mark }) } };
    }
  }
  throw new MesosError(
    "MESOS_EDGE_HAPROXY_MISSING",
    "haproxy is neither on PATH nor in /usr/sbin; install it with: sudo apt-get install haproxy",
  );
}

async function executable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
