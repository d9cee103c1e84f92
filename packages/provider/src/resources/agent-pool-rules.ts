// SPDX-License-Identifier: Apache-2.0
import {
  type AutoscalePolicy,
  checkAutoscalePolicy,
  type Failure,
  hasComputed,
  largestMax,
} from "@pulumi-mesos/model";
import type { CheckRequest } from "../resource";

type Values = Readonly<Record<string, unknown>>;

/** What no schema says of a pool: its backend has room for its size. */
export function poolFailures({ inputs }: CheckRequest): Failure[] {
  const declaration = inputs["declaration"];
  if (!isRecord(declaration)) return [];
  const failures: Failure[] = [];
  const { size, autoscale } = declaration;
  const max = mostOf(autoscale);
  const room = roomOf(declaration["backend"]);
  if (typeof size === "number" && room !== undefined && size > room) {
    failures.push({
      path: "declaration.size",
      message: `must be ${room} or less, because the task ports of the pool have room for so many members, got ${size}`,
    });
  }
  if (max !== undefined && room !== undefined && max > room) {
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

/** The most that a policy may ask for, as far as that is known. */
function mostOf(autoscale: unknown): number | undefined {
  if (!isRecord(autoscale) || hasComputed(autoscale) || typeof autoscale["max"] !== "number")
    return undefined;
  const schedule = Array.isArray(autoscale["schedule"]) ? autoscale["schedule"].filter(isRecord) : [];
  return largestMax({ max: autoscale["max"], schedule: schedule as AutoscalePolicy["schedule"] });
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
