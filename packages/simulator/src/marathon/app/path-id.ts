// SPDX-License-Identifier: Apache-2.0

const segment =
  /^(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$|^(\.|\.\.)$/;
const reserved = new Set(["restart", "tasks", "versions", ".", ".."]);

/** `id` made absolute against `base` (`..` and `.` resolved). */
export function absolute(id: string, base = "/"): string {
  const parts = id.startsWith("/") ? [] : base.split("/").filter((p) => p !== "");
  for (const part of id.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

export function parentOf(id: string): string {
  return id.slice(0, id.lastIndexOf("/")) || "/";
}

/** `/`, then every group above `id`, outermost first; `id` itself excluded. */
export function ancestorsOf(id: string): string[] {
  const parts = id.split("/").filter((p) => p !== "");
  return ["/", ...parts.slice(0, -1).map((_, i) => `/${parts.slice(0, i + 1).join("/")}`)];
}

export function isBelow(id: string, group: string): boolean {
  return group === "/" ? id !== "/" : id.startsWith(`${group}/`);
}

/** What is wrong with `id` as a path, absolute or as it was given, or nothing. */
export function pathProblem(id: string): string | undefined {
  const parts = id.split("/").filter((p) => p !== "");
  if (parts.some((p) => !segment.test(p))) {
    return "must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$'";
  }
  if (reserved.has(parts.at(-1) ?? "")) {
    return "must not end with any of the following reserved keywords: restart, tasks, versions, ., ..";
  }
  return undefined;
}

/** `/a/b` as it stands in instance and task ids: `a_b`. */
export function flatName(id: string): string {
  return id.slice(1).replaceAll("/", "_");
}
