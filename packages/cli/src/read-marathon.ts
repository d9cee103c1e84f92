// SPDX-License-Identifier: Apache-2.0
import { MarathonClient, type MarathonInfo, type MarathonOptions } from "@pulumi-mesos/client";
import { isMesosError, MesosError } from "@pulumi-mesos/model";

/** What an import takes over: documents as Marathon answers them, in the order of their paths. */
export interface Snapshot {
  readonly info: MarathonInfo;
  readonly apps: readonly Running[];
  readonly pods: readonly Running[];
  /** Ids of apps and pods that a deployment is changing. */
  readonly deploying: ReadonlySet<string>;
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
    const [apps, pods, deployments] = await Promise.all([
      client.getApps(signal),
      client.getPods(signal),
      client.getDeployments(signal),
    ]);
    const chosen = <T extends Running>(list: readonly T[]): T[] =>
      list.filter(({ id }) => isIn(id, group)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const affected = deployments.flatMap((d) => [...(d.affectedApps ?? []), ...(d.affectedPods ?? [])]);
    return { info, apps: chosen(apps), pods: chosen(pods), deploying: new Set(affected) };
  } catch (error) {
    throw explained(error, options);
  }
}

function isIn(id: string, group: string): boolean {
  const prefix = `/${group.split("/").filter(Boolean).join("/")}`;
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
