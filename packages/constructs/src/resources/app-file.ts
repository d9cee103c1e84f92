// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { messageOf, readOnlyAppKeys } from "@pulumi-mesos/model";
import { InvalidArgsError } from "../invalid-args-error";
import type { AppArgs } from "./marathon-app";

type Json = Readonly<Record<string, unknown>>;

/** The arguments that a file with one app's JSON stands for: as for POST /v2/apps, or as Marathon answered it. */
export function appArgsFromFile(file: string): AppArgs {
  return appArgsFromText(read(file), file);
}

/** {@link appArgsFromFile} for the file's text. */
export function appArgsFromText(text: string, file: string): AppArgs {
  const readOnly: readonly string[] = readOnlyAppKeys;
  const given = Object.entries(appIn(parsed(text, file), file));
  return Object.fromEntries(given.filter(([key]) => !readOnly.includes(key)));
}

/** The document of one app; anything else is refused with what to use for it. */
function appIn(value: unknown, file: string): Json {
  if (Array.isArray(value)) {
    throw refused(file, `is a list of ${value.length}, not one app; give each app a file of its own`);
  }
  if (!isRecord(value)) throw refused(file, "is no JSON object, so no app");
  const { app, apps, groups, containers } = value;
  if (isRecord(app)) return appIn(app, file);
  if (Array.isArray(apps) || Array.isArray(groups)) {
    const fix =
      value["id"] === undefined
        ? "give each app a file of its own"
        : "make it with new mesos.marathon.Group, which takes the same fields";
    throw refused(file, `is a group, not one app; ${fix}`);
  }
  if (Array.isArray(containers)) {
    throw refused(
      file,
      "is a pod, not an app; make it with new mesos.marathon.Pod, which takes the same fields",
    );
  }
  return value;
}

/** JSON without nulls, which Marathon takes for absent, and wrote for that before 1.5. */
function parsed(text: string, file: string): unknown {
  try {
    // Some editors begin a file with a byte order mark, which JSON does not know.
    return JSON.parse(text.replace(/^\ufeff/, ""), (_key, value: unknown) => value ?? undefined);
  } catch (error) {
    throw refused(file, `is no JSON: ${messageOf(error)}`);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw refused(file, `cannot be read: ${messageOf(error)}`);
  }
}

function refused(file: string, message: string): InvalidArgsError {
  return new InvalidArgsError(undefined, [{ path: file, message }]);
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
