// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { chownSync, lchownSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MesosError } from "@pulumi-mesos/model";
import type { ContainerInfo } from "../protocol/types";
import { findProgram } from "./nginx";

const run = promisify(execFile);

/** Who a task runs as, other than this program's own user. */
export interface TaskUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user that a task is to run as; undefined where that is this program's own. Only root may switch: another user's agent
 * runs everything as itself. Throws when there is no such user.
 */
export async function userOf(
  name: string,
  switchUser: boolean,
  directory: string,
): Promise<TaskUser | undefined> {
  if (!switchUser || process.getuid?.() !== 0 || name === "" || name === userInfo().username)
    return undefined;
  try {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (what) => await run("id", [what, "--", name])),
    );
    return { name, uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch (error) {
    throw new MesosError(
      "MESOS_SIMULATOR_USER",
      `Failed to create executor directory '${directory}': Failed to chown directory to '${name}': No such user '${name}'`,
      { cause: error },
    );
  }
}

/** Hands a directory and all in it to a user; what links lead to stays as it is. */
export function giveTree(directory: string, { uid, gid }: TaskUser): void {
  chownSync(directory, uid, gid);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) giveTree(path, { name: "", uid, gid });
    else lchownSync(path, uid, gid);
  }
}

/** The words that start a command with a task's rlimits and as its user, by util-linux's own programs. */
export function startAs(
  argv: readonly string[],
  path: string,
  user: TaskUser | undefined,
  rlimits: readonly string[] = [],
): string[] {
  const limited = rlimits.length === 0 ? [] : [programOf("prlimit", path), ...rlimits];
  if (user === undefined) return [...limited, ...argv];
  const switched = [
    programOf("setpriv", path),
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    "--init-groups",
  ];
  return [...limited, ...switched, ...argv];
}

function programOf(name: string, path: string): string {
  const program = findProgram(name, path);
  if (program !== undefined) return program;
  throw new MesosError("MESOS_SIMULATOR_TASK", `${name} of util-linux is not installed, this task needs it`);
}

const unlimited = "18446744073709551615";

/** `prlimit`'s words for the limits of a container's processes (docs/isolators/posix-rlimits.md). */
export function rlimitWords(container: ContainerInfo | undefined): string[] {
  return (container?.rlimit_info?.rlimits ?? []).map(({ type, soft, hard }) => {
    const name = /^RLMT_([A-Z]+)$/.exec(type ?? "")?.[1]?.toLowerCase();
    if (name === undefined)
      throw new MesosError("MESOS_SIMULATOR_TASK", "Failed to set rlimit: Unknown rlimit type");
    if ((soft === undefined) !== (hard === undefined)) {
      throw new MesosError(
        "MESOS_SIMULATOR_TASK",
        `Failed to set rlimit: ${type} needs both 'soft' and 'hard', or neither for no limit`,
      );
    }
    const word = (value: number | string | undefined): string =>
      value === undefined || String(value) === unlimited ? "unlimited" : String(value);
    return `--${name}=${word(soft)}:${word(hard)}`;
  });
}
