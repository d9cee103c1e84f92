// SPDX-License-Identifier: Apache-2.0
import { checkAutoscalePolicy, type Failure, hasComputed } from "@pulumi-mesos/model";
import type { CheckRequest } from "../resource";

type Values = Readonly<Record<string, unknown>>;

/** What no schema says of a pool: its backend has room for its size. */
export function poolFailures({ inputs }: CheckRequest): Failure[] {
  const declaration = inputs["declaration"];
  if (!isRecord(declaration)) return [];
  const failures: Failure[] = [];
  const { size, autoscale } = declaration;
  const max = isRecord(autoscale) ? autoscale["max"] : undefined;
  const room = roomOf(declaration["backend"]);
  if (typeof size === "number" && room !== undefined && size > room) {
    failures.push({
      path: "declaration.size",
      message: `must be ${room} or less, because the task ports of the pool have room for so many members, got ${size}`,
    });
  }
  if (typeof max === "number" && room !== undefined && max > room) {
    failures.push({
      path: "declaration.autoscale.max",
      message: `must be ${room} or less, because the task ports of the pool have room for so many members, got ${max}`,
    });
  }
  if (isRecord(autoscale) && !hasComputed(autoscale)) {
    const found = checkAutoscalePolicy(autoscale);
    failures.push(...found.map((f) => ({ ...f, path: `declaration.autoscale.${f.path}` })));
  }
  return failures;
}

function roomOf(backend: unknown): number | undefined {
  if (!isRecord(backend)) return undefined;
  const { taskPorts, portsPerMember } = backend;
  if (!Array.isArray(taskPorts) || typeof portsPerMember !== "number") return undefined;
  const [first, last] = taskPorts as unknown[];
  if (typeof first !== "number" || typeof last !== "number") return undefined;
  return Math.min(254, Math.max(0, Math.floor((last - first + 1) / portsPerMember)));
}

function isRecord(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
