// SPDX-License-Identifier: Apache-2.0
import { closeSync, mkdirSync, openSync, rmSync, symlinkSync, writeSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

export interface LogFile {
  write(line: string): void;
  close(): void;
}

/** The name by which the newest log of a program is found in its `--log_dir`. */
export function logName(program: string): string {
  return `${program}.INFO`;
}

/** Begins a log in `--log_dir`, named as glog names it, with a link to the newest. */
export function openLogFile(directory: string, program: string, now: number): LogFile {
  mkdirSync(directory, { recursive: true });
  const stamp = new Date(now).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const name = `${program}.${hostname()}.${userInfo().username}.log.INFO.${stamp}.${process.pid}`;
  const file = openSync(join(directory, name), "a", 0o640);
  const link = join(directory, logName(program));
  rmSync(link, { force: true });
  symlinkSync(name, link);
  let open = true;
  return {
    write: (line) => {
      if (open) writeSync(file, `${line}\n`);
    },
    close: () => {
      if (open) closeSync(file);
      open = false;
    },
  };
}
