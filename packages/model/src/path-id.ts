// SPDX-License-Identifier: Apache-2.0

/** `path` without dots, made absolute against the group `base`; `..` above the root stays at the root. */
export function absolutePath(path: string, base = "/"): string {
  const segments = path.startsWith("/") ? [] : segmentsOf(base);
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

/** {@link absolutePath}, and what is no text as it is. */
export function resolved(path: unknown, base = "/"): unknown {
  return typeof path === "string" ? absolutePath(path, base) : path;
}

/** The group that `path` is directly in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** Whether `path` is a group or app directly below the root. */
export function isTopLevel(path: string): boolean {
  return path !== "/" && parentOf(path) === "/";
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
