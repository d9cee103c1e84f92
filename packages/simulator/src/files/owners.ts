// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";

/** The user's name, or the number when nobody has it. */
export function userName(uid: number): string {
  return nameIn("/etc/passwd", uid);
}

/** The group's name, or the number when none has it. */
export function groupName(gid: number): string {
  return nameIn("/etc/group", gid);
}

const known = new Map<string, ReadonlyMap<number, string>>();

function nameIn(database: string, id: number): string {
  const names = known.get(database) ?? namesOf(database);
  known.set(database, names);
  return names.get(id) ?? String(id);
}

function namesOf(database: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  try {
    for (const line of readFileSync(database, "utf8").split("\n")) {
      const [name = "", , id = ""] = line.split(":");
      if (name !== "" && id !== "" && !names.has(Number(id))) names.set(Number(id), name);
    }
  } catch {
    // without the database numbers must do
  }
  return names;
}
