// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  ConfigFile,
  canonicalJson,
  expandPlaceholders,
  MesosError,
  type Placeholders,
  type ProcessSpec,
  type Stop,
} from "@pulumi-mesos/model";
import { checkProbe } from "./probe";
import { processDirectory, type Scope, volumeDirectory } from "./scope";

const filePath = new RegExp(ConfigFile.properties.path.pattern ?? "");

/** How a program is stopped where its spec does not say. */
export const defaultStop: Stop = { signal: "SIGTERM", graceSeconds: 10 };

/**
 * A digest that changes with any change of `spec` but of files that the program reads anew by itself. The salt is the record's own, so that a secret in the spec cannot be
 * looked up in a table of digests.
 */
export function digestOfSpec(spec: ProcessSpec, salt: string): string {
  const { files, ...rest } = spec;
  const fixed = files === undefined ? spec : { ...rest, files: files.filter((file) => !file.live) };
  return createHash("sha256").update(salt).update("\0").update(canonicalJson(fixed)).digest("hex");
}

/** Refuses what cannot be run, before anything is touched. */
export function checkSpec(spec: ProcessSpec): void {
  if (spec.ready !== undefined) checkProbe(spec.ready);
  for (const file of spec.files ?? []) {
    if (!filePath.test(file.path)) {
      throw new MesosError(
        "MESOS_PROCESS_SPEC",
        `files: a path must stay below {conf}, or below {data} when it begins with it, and have only letters, digits, dots, dashes and single slashes, got ${JSON.stringify(file.path)}`,
      );
    }
  }
  if (spec.volume === undefined && canonicalJson(spec).includes("{data}")) {
    throw new MesosError("MESOS_PROCESS_SPEC", "volume: must be set, because {data} is used");
  }
}

/** The spec with every placeholder that this machine knows replaced. */
export function expandSpec(scope: Scope, spec: ProcessSpec): ProcessSpec {
  const values: Partial<Placeholders> = {
    name: spec.name,
    conf: join(processDirectory(scope, spec.name), "conf"),
    state: scope.root,
    ...(spec.volume === undefined ? {} : { data: volumeDirectory(scope, spec.volume) }),
  };
  const text = (value: string): string => expandPlaceholders(value, values);
  const ready = spec.ready;
  return {
    ...spec,
    command: spec.command.map(text),
    env: Object.fromEntries(Object.entries(spec.env ?? {}).map(([key, value]) => [key, text(value)])),
    cwd: spec.cwd === undefined ? undefined : text(spec.cwd),
    files: spec.files?.map((file) => ({ ...file, path: text(file.path), content: text(file.content) })),
    ready: ready && {
      ...ready,
      http: ready.http && text(ready.http),
      tcp: ready.tcp && text(ready.tcp),
      command: ready.command?.map(text),
      logLine: ready.logLine && text(ready.logLine),
    },
  };
}
