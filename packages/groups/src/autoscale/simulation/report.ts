// SPDX-License-Identifier: Apache-2.0
import type { Comparison } from "./compare";

/** What a comparison came to, as lines for a reader. */
export function reportLines({ results, clairvoyantHours }: Comparison): string[] {
  const head = [
    "",
    "machine-hours",
    "× bound",
    "cost",
    "pending task-minutes",
    "killed",
    "moved",
    "changes an hour",
  ];
  const rows = results.map((r) => [
    r.autoscaler,
    number(r.machineHours),
    clairvoyantHours > 0 ? (r.machineHours / clairvoyantHours).toFixed(2) : "-",
    number(r.cost),
    number(r.pendingTaskMinutes),
    String(r.killedTasks),
    String(r.movedTasks),
    number(r.changesAnHour),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  const bound = `bound: ${number(clairvoyantHours)} machine-hours, for whoever knows the future and lets no task wait`;
  return [line(head), ...rows.map(line), bound];
}

function number(x: number): string {
  return x >= 100 ? x.toFixed(0) : x.toFixed(1);
}
