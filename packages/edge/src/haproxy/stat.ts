// SPDX-License-Identifier: Apache-2.0

/** What HAProxy has counted of requests; of TCP, of connections. */
export interface Counts {
  readonly requests: number;
  /** Of them those that ended with a 5xx, be it the task's or HAProxy's own for want of an answer. */
  readonly errors: number;
  /** Of the errors those that found no connection. */
  readonly connectionFailures: number;
}

/** One line of `show stat`. */
export interface StatRow {
  readonly backend: string;
  /** Name and `address:port` of the server; the backend itself has none. */
  readonly server?: { readonly name: string; readonly address: string };
  readonly counts: Counts;
  readonly requestsPerSecond: number;
  /** Requests that are being answered now, or wait for a task; of TCP, connections. */
  readonly openRequests: number;
}

/** What stands in the lines of `show stat` by the names of the columns. */
export function statLines(text: string): ((column: string) => string)[] {
  let columns: readonly string[] = [];
  return text.split("\n").flatMap((line) => {
    if (line.startsWith("# ")) columns = cellsOf(line.slice(2));
    if (line === "" || line.startsWith("#")) return [];
    const cells = cellsOf(line);
    return [(column: string): string => cells[columns.indexOf(column)] ?? ""];
  });
}

/** Cells with commas, such as what a check has said, stand in quotes. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = ""]) => cell);
}

/** Answers of `show stat`, one after another: backends and servers by the names of its columns. */
export function parseStat(text: string): StatRow[] {
  return statLines(text).flatMap((column): StatRow[] => {
    const [backend, name] = [column("pxname"), column("svname")];
    if (name === "" || name === "FRONTEND") return [];
    const isServer = name !== "BACKEND";
    return [
      {
        backend,
        ...(isServer && { server: { name, address: column("addr") } }),
        counts: countsOf((column_) => Number(column(column_)), column("req_tot") !== "", isServer),
        requestsPerSecond: Number(column("rate")),
        openRequests: Number(column("scur")),
      },
    ];
  });
}

/**
 * A backend counts every request and the status that its client got. A server counts the answers that it gave and,
 * beside them, requests that it left without one.
 */
function countsOf(column: (name: string) => number, isHttp: boolean, isServer: boolean): Counts {
  const connectionFailures = column("econ");
  if (!isHttp) return { requests: column("stot"), errors: connectionFailures, connectionFailures };
  const unanswered = isServer ? connectionFailures + column("eresp") : 0;
  return {
    requests: column("req_tot") + unanswered,
    errors: column("hrsp_5xx") + unanswered,
    connectionFailures,
  };
}
