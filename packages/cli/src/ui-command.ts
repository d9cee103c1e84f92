// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { probeEnsemble, type Way } from "@pulumi-mesos/client";
import { type MemberKind, MesosError, messageOf, nearest } from "@pulumi-mesos/model";
import type { Surroundings } from "./cli";
import { usage } from "./connection";
import { accessOf, type Installation, wayTo } from "./installation";
import { type PlaceOptions, stackInstallation } from "./places";

export interface UiOptions extends Pick<PlaceOptions, "stack" | "cwd"> {
  readonly open?: boolean;
}

/** Prints the addresses of pages, or opens one. */
export async function uiCommand(
  name: string | undefined,
  options: UiOptions,
  around: Surroundings,
): Promise<void> {
  const installation = await stackInstallation(options, around);
  const pages = await pagesOf(installation, around.signal, wayTo(installation, around.environment));
  const chosen = name === undefined ? pages : pages.filter((page) => page.name === name);
  const [first] = chosen;
  if (first === undefined) {
    const known = pages.map((page) => page.name);
    const meant = name === undefined ? undefined : nearest(name, known);
    throw usage(
      `${name ?? "ui"}: no such page; ${meant === undefined ? `there are ${known.join(", ") || "none"}` : `did you mean ${meant}?`}`,
    );
  }
  const width = Math.max(...chosen.map((page) => page.name.length));
  for (const page of chosen) around.out(`${page.name.padEnd(width)}  ${page.url}`);
  if (options.open === true) await open(first.url, around);
}

interface Page {
  readonly name: string;
  readonly url: string;
}

/** Pages of the member that leads, because the others only lead there. */
async function pagesOf(
  { ensembles, urls }: Installation,
  signal: AbortSignal,
  way: Way | undefined,
): Promise<Page[]> {
  const page = async (kind: MemberKind, name: string, path: string): Promise<Page[]> => {
    const made = ensembles.filter((ensemble) => ensemble.kind === kind);
    return Promise.all(
      made.map(async (ensemble) => {
        const { name: of, members, ca } = ensemble;
        const statuses = await probeEnsemble(kind, members, signal, { ...accessOf(ensemble), way });
        const rank = (i: number) => (statuses[i]?.leading ? 2 : statuses[i]?.up ? 1 : 0);
        const [best] = members
          .map((member, i) => ({ member, rank: rank(i) }))
          .sort((a, b) => b.rank - a.rank);
        const { host = "", port = 0, via = `${host}:${port}` } = best?.member ?? {};
        const scheme = ca === undefined ? "http" : "https";
        return { name: made.length === 1 ? name : of, url: `${scheme}://${via}${path}` };
      }),
    );
  };
  const [mesos, marathon, edge, groups] = await Promise.all([
    page("mesos-master", "mesos", "/"),
    page("marathon", "marathon", "/ui/"),
    page("edge", "edge", "/"),
    page("groups", "groups", "/"),
  ]);
  return [
    ...mesos,
    ...marathon,
    ...edge,
    ...groups,
    ...Object.entries(urls).map(([name, url]) => ({ name, url })),
  ];
}

const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

function open(url: string, { environment, signal }: Surroundings): Promise<void> {
  const [program = "xdg-open", ...args] = openers[process.platform] ?? [];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, url], { env: environment, signal, stdio: "ignore" });
    const fail = (why: string, cause?: unknown) =>
      reject(new MesosError("MESOS_CLI_OPEN", `${program} ${url}: ${why}; open it by hand`, { cause }));
    child.once("error", (error) => fail(messageOf(error), error));
    child.once("close", (code) => (code === 0 ? resolve() : fail(`ended with ${code}`)));
  });
}
