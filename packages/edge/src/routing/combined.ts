// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import { byPrecedence } from "./precedence";
import type { Backend, Routes } from "./route";

/** What apps and rules add, each by itself, and all of it together. The ports of all are shared out elsewhere. */
export interface Combined extends Omit<Routes, "ports"> {
  readonly parts: readonly Routes[];
}

/**
 * Puts parts together. Nearly always one task of a thousand apps has come or gone since `before`: then everything but its
 * backend is the very object that it was, by which those who come after know what they need not look at.
 */
export function combined(parts: readonly Routes[], before: Combined | undefined): Combined {
  return (before && withServersOf(parts, before)) ?? afresh(parts);
}

function afresh(parts: readonly Routes[]): Combined {
  const routes = parts.flatMap((part) => part.routes).sort(byPrecedence);
  const backends = parts.flatMap((part) => part.backends);
  return { parts, routes, backends, leftOut: new Map(parts.flatMap((part) => [...part.leftOut])) };
}

/** `before` with the servers of `parts`; nothing when more than servers has changed. */
function withServersOf(parts: readonly Routes[], before: Combined): Combined | undefined {
  if (parts.length !== before.parts.length) return undefined;
  const backends: Backend[] = [...before.backends];
  let at = 0;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    const was = before.parts[index];
    if (!part || !was) return undefined;
    if (part !== was) {
      if (!isDeepStrictEqual(withoutServers(part), withoutServers(was))) return undefined;
      backends.splice(at, part.backends.length, ...part.backends);
    }
    at += part.backends.length;
  }
  return { ...before, parts, backends };
}

function withoutServers({ routes, backends, ports, leftOut }: Routes): unknown {
  return [routes, ports, leftOut, backends.map(({ servers: _, ...backend }) => backend)];
}
