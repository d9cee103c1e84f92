// SPDX-License-Identifier: Apache-2.0
import { rm, rmdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";

/** Where the processes and volumes of one stack are kept. */
export interface Scope {
  /** The scope's directory, mode 0700. */
  readonly root: string;
}

/** The directory below which every stack has its own: `$XDG_STATE_HOME/pulumi-mesos`, otherwise below `~/.local/state`. */
export function stateRoot(env: NodeJS.ProcessEnv): string {
  const base = env["XDG_STATE_HOME"];
  return join(base?.startsWith("/") ? base : join(env["HOME"] ?? homedir(), ".local/state"), "pulumi-mesos");
}

/** The scope of a stack. */
export function scopeOf(root: string, project: string, stack: string): Scope {
  return { root: join(root, directoryName("project", project), directoryName("stack", stack)) };
}

/** Directory of a process's record, log and files. */
export function processDirectory(scope: Scope, name: string): string {
  return join(scope.root, "processes", directoryName("name", name));
}

/** Directory of a volume. */
export function volumeDirectory(scope: Scope, name: string): string {
  return join(scope.root, "volumes", directoryName("volume", name));
}

/**
 * Removes a process's or volume's directory with all that is in it, then the directories of its stack and project where
 * it was the last: nothing is left of a stack that is gone. Gone already is success.
 */
export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  let parent = dirname(directory);
  // processes or volumes, stack, project
  for (let level = 0; level < 3; level++) {
    try {
      await rmdir(parent);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (["ENOTEMPTY", "EEXIST", "ENOENT"].includes(code)) return;
      throw error;
    }
    parent = dirname(parent);
  }
}

function directoryName(what: string, name: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) {
    throw new MesosError(
      "MESOS_PROCESS_NAME",
      `${what}: must be 1 to 128 letters, digits, dots, dashes or underscores, beginning with a letter or digit, got ${JSON.stringify(name)}`,
    );
  }
  return name;
}
