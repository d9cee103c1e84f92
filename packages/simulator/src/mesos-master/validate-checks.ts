// SPDX-License-Identifier: Apache-2.0
import type { CheckInfo, CommandInfo, HealthCheck } from "../protocol/types";

/** Why a command cannot be run (src/common/validation.cpp). */
export function invalidCommand(command: CommandInfo): string | undefined {
  for (const { name, type = "VALUE", value, secret } of command.environment?.variables ?? []) {
    const what = `Environment variable '${name}' of type '${type}'`;
    if (type === "SECRET") {
      if (secret === undefined) return `${what} must have a secret set`;
      if (value !== undefined) return `${what} must not have a value set`;
    } else {
      if (value === undefined) return `${what} must have a value set`;
      if (secret !== undefined) return `${what} must not have a secret set`;
    }
  }
  return undefined;
}

function invalidCheckCommand(command: CommandInfo, kind: "check" | "health check"): string | undefined {
  if (command.value === undefined) {
    const missing = command.shell === false ? "executable path" : "shell command";
    return `Command ${kind} must contain '${missing}'`;
  }
  const wrong = invalidCommand(command);
  const whose = kind === "check" ? "Check" : "Health check";
  return wrong && `${whose}'s \`CommandInfo\` is invalid: ${wrong}`;
}

function invalidTimes(check: CheckInfo | HealthCheck): string | undefined {
  const times = check as Readonly<Record<string, unknown>>;
  const names = ["delay_seconds", "grace_period_seconds", "interval_seconds", "timeout_seconds"];
  const wrong = names.find((name) => Number(times[name] ?? 0) < 0);
  return wrong && `Expecting '${wrong}' to be non-negative`;
}

function invalidPath(path: string | undefined, kind: string): string | undefined {
  if (path === undefined || path.startsWith("/")) return undefined;
  return `The path '${path}' of HTTP ${kind} must start with '/'`;
}

/** Why a check may not be. */
export function invalidCheck(check: CheckInfo): string | undefined {
  const { type, command, http, tcp } = check;
  if (type === undefined) return "CheckInfo must specify 'type'";
  const part = { COMMAND: command, HTTP: http, TCP: tcp }[type];
  if (!["COMMAND", "HTTP", "TCP"].includes(type)) return `'${type}' is not a valid check type`;
  if (part === undefined) return `Expecting '${type.toLowerCase()}' to be set for ${type} check`;
  const wrong =
    type === "COMMAND"
      ? invalidCheckCommand(command?.command ?? {}, "check")
      : invalidPath(http?.path, "check");
  return wrong ?? invalidTimes(check);
}

/** Why a health check may not be. */
export function invalidHealthCheck(check: HealthCheck): string | undefined {
  const { type, command, http, tcp } = check;
  if (type === undefined) return "HealthCheck must specify 'type'";
  const part = { COMMAND: command, HTTP: http, TCP: tcp }[type];
  if (!["COMMAND", "HTTP", "TCP"].includes(type)) return `'${type}' is not a valid health check type`;
  if (part === undefined) return `Expecting '${type.toLowerCase()}' to be set for ${type} health check`;
  if (type === "COMMAND") return invalidCheckCommand(command ?? {}, "health check") ?? invalidTimes(check);
  const scheme = http?.scheme ?? "http";
  if (!["http", "https"].includes(scheme)) return `Unsupported HTTP health check scheme: '${scheme}'`;
  return invalidPath(http?.path, "health check") ?? invalidTimes(check);
}
