// SPDX-License-Identifier: Apache-2.0
import { type Failure, hasComputed } from "@pulumi-mesos/model";
import type { CheckRequest } from "../resource";

/** Rules of a process's inputs that its schema cannot say. */
export function processFailures(
  { inputs, isSecret }: CheckRequest,
  platform: NodeJS.Platform = process.platform,
): Failure[] {
  return [
    ...platformFailures(platform),
    ...secretArguments("command", isSecret),
    ...secretArguments("ready.command", isSecret),
    ...probeFailures(inputs["ready"]),
    ...duplicatePaths(inputs["files"]),
  ];
}

/** Loopback addresses of one's own and /proc, by which processes are known again, are Linux's. */
function platformFailures(platform: NodeJS.Platform): Failure[] {
  const message = `LocalPlatform needs Linux, this machine is ${platform}; use DockerPlatform`;
  return platform === "linux" ? [] : [{ path: "", message }];
}

function secretArguments(path: string, isSecret: (path: string) => boolean): Failure[] {
  const message =
    "must hold no secret, because every user of the machine can see it; put it into env or files";
  return isSecret(path) ? [{ path, message }] : [];
}

function probeFailures(ready: unknown): Failure[] {
  if (!isRecord(ready) || hasComputed(ready)) return [];
  const kinds = ["http", "tcp", "command", "logLine"].filter((kind) => ready[kind] !== undefined);
  const failures: Failure[] = [];
  if (kinds.length !== 1) {
    const got = kinds.length === 0 ? "none" : kinds.join(" and ");
    failures.push({
      path: "ready",
      message: `must be exactly one of http, tcp, command, logLine, got ${got}`,
    });
  }
  if (typeof ready["logLine"] === "string" && !isPattern(ready["logLine"])) {
    failures.push({ path: "ready.logLine", message: "must be a regular expression" });
  }
  return failures;
}

function duplicatePaths(files: unknown): Failure[] {
  if (!Array.isArray(files)) return [];
  const seen = new Set<string>();
  return files.flatMap((file: unknown, index) => {
    const path = isRecord(file) ? file["path"] : undefined;
    if (typeof path !== "string") return [];
    const twice = seen.has(path);
    seen.add(path);
    return twice ? [{ path: `files[${index}].path`, message: `${path} is given twice` }] : [];
  });
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
