// SPDX-License-Identifier: Apache-2.0
import {
  MarathonClient,
  type MarathonGroup,
  type MarathonInfo,
  type MarathonOptions,
} from "@pulumi-mesos/client";
import { absolutePath, isMesosError, MesosError } from "@pulumi-mesos/model";

/** What an import takes over: documents as Marathon answers them, in the order of their paths. */
export interface Snapshot {
  readonly info: MarathonInfo;
  readonly apps: readonly Running[];
  readonly pods: readonly Running[];
  /** Every top-level group, or the one that was asked for, with all that is in it. */
  readonly groups: readonly RunningGroup[];
  /** Ids of apps and pods that a deployment is changing. */
  readonly deploying: ReadonlySet<string>;
}

/** A group as it is. */
export interface RunningGroup {
  readonly group: MarathonGroup;
  /** Whether its top-level group makes its own name the role of its apps. */
  readonly enforced: boolean;
}

/** An app or pod as it runs. */
export type Running = Readonly<Record<string, unknown>> & { readonly id: string };

/** Reads everything in `group` (`/` is all), in as many requests as there are kinds of things. */
export async function readMarathon(
  options: MarathonOptions,
  group: string,
  signal: AbortSignal,
): Promise<Snapshot> {
  try {
    const client = new MarathonClient(options);
    const info = await client.getInfo(signal);
    const [apps, pods, root, deployments] = await Promise.all([
      client.getApps(signal),
      client.getPods(signal),
      client.getGroup("/", signal),
      client.getDeployments(signal),
    ]);
    const chosen = <T extends Running>(list: readonly T[]): T[] =>
      list.filter(({ id }) => isIn(id, group)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const affected = deployments.flatMap((d) => [...(d.affectedApps ?? []), ...(d.affectedPods ?? [])]);
    const groups = (root?.groups ?? []).flatMap((top) => groupsOf(top, absolutePath(group)));
    return { info, apps: chosen(apps), pods: chosen(pods), groups, deploying: new Set(affected) };
  } catch (error) {
    throw explained(error, options);
  }
}

/** Of a top-level group the part that was asked for: itself when all was, or the group `path` in it. */
function groupsOf(top: MarathonGroup, path: string): RunningGroup[] {
  const enforced = top.enforceRole ?? false;
  if (path === "/") return [{ group: top, enforced }];
  const found = (group: MarathonGroup): MarathonGroup[] =>
    group.id === path ? [group] : (group.groups ?? []).flatMap(found);
  return found(top).map((group) => ({ group, enforced }));
}

function isIn(id: string, group: string): boolean {
  const prefix = absolutePath(group);
  return prefix === "/" || id === prefix || id.startsWith(`${prefix}/`);
}

/** The mistakes that a first run makes most, in words; everything else says itself what it is. */
function explained(error: unknown, { urls, user, token }: MarathonOptions): unknown {
  if (!isMesosError(error)) return error;
  const where = urls.join(", ");
  const status = "status" in error ? error.status : undefined;
  if (status === 401 || status === 403) {
    const fix =
      user === undefined && token === undefined
        ? "wants credentials, give --user and MARATHON_PASSWORD, or --token-file"
        : "refuses these credentials";
    return new MesosError("MESOS_CLI_UNAUTHORISED", `${where}: ${fix} (status ${status})`, { cause: error });
  }
  if (error.code === "MESOS_CLIENT_DECODE" || (typeof status === "number" && status < 500)) {
    return new MesosError("MESOS_CLI_NOT_MARATHON", `${where}: is no Marathon: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}
