// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { BambooClient, connectDocker, MarathonClient, MesosClient, ZooKeeper } from "@pulumi-mesos/client";
import { controllerPath, dockerSocket, MesosError, messageOf } from "@pulumi-mesos/model";
import { searchPath } from "@pulumi-mesos/supervisor";
import { awsBackend } from "./backends/aws";
import type { Backend } from "./backends/backend";
import { dockerBackend } from "./backends/docker";
import { localBackend } from "./backends/local";
import { systemClock } from "./clock";
import { type ControllerParts, GroupsController } from "./controller";
import { dryRun } from "./dry-run";
import { becomeLeader } from "./leader-lock";
import type { Log } from "./look";
import { type MemberHome, type Options, readSecrets, type Secrets } from "./options";
import { PoolStore } from "./pool-store";
import { ScalingMetrics } from "./scaling/metrics";
import type { ScalingReport } from "./scaling/scaler";
import { createStatusServer } from "./status-server";
import { AppMetrics } from "./traffic/app-metrics";
import { AppScaler, type AppScalerParts } from "./traffic/app-scaler";

const sessionTimeoutMs = 6000;
const noScaling: ScalingReport = { groups: {}, unplaceable: [], queued: [] };

async function backendOf(members: MemberHome, env: NodeJS.ProcessEnv): Promise<Backend> {
  if (members.kind === "local") return localBackend({ root: members.directory }, searchPath(__dirname, env));
  if (members.kind === "aws") {
    // Loaded only where it is used: AWS's clients are large.
    const { awsApi } = await import("./backends/aws-api.js");
    return awsBackend(awsApi(members.region, members.stack), systemClock);
  }
  const docker = connectDocker(env["DOCKER_HOST"] ?? `unix://${dockerSocket}`);
  return dockerBackend(docker, members.stack, systemClock);
}

async function partsOf(
  zookeeper: ZooKeeper,
  options: Options,
  secrets: Secrets,
  o: Around,
): Promise<ControllerParts & AppScalerParts> {
  const { masters, marathon: urls, marathonName, members, cluster, edges } = options;
  const ca = options.ca === undefined ? undefined : readPem("--ca", options.ca);
  const caOf = (of: readonly string[]) => (of.some((url) => url.startsWith("https:")) ? ca : undefined);
  const token = secrets.edge === undefined ? {} : { token: secrets.edge };
  const edgeOf = (url: string) => ({
    name: url,
    client: new BambooClient({ urls: [url], ca: caOf([url]), ...token }),
  });
  return {
    edges: edges.map(edgeOf),
    store: new PoolStore(zookeeper, cluster),
    mesos: new MesosClient({
      masters,
      authorization: secrets.masters,
      ...(ca !== undefined && { tls: { ca } }),
    }),
    marathon:
      urls.length === 0 ? undefined : new MarathonClient({ urls, ca: caOf(urls), ...secrets.marathon }),
    marathonName,
    backend: await backendOf(members, o.env),
    clock: systemClock,
    log: o.log,
  };
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `${flag}: ${path} cannot be read: ${messageOf(error)}`;
    throw new MesosError("MESOS_GROUPS_OPTIONS", message, { cause: error });
  }
}

interface Around {
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** Prints what autoscaling would do now, with its reasons, beside a controller that may be at work; changes nothing. */
export async function printDryRun(
  options: Options,
  around: Around & { readonly out: (line: string) => void },
  signal: AbortSignal,
): Promise<void> {
  const secrets = readSecrets(around.env);
  const session = { servers: options.zookeeper, credential: secrets.zookeeper, sessionTimeoutMs };
  const zookeeper = await ZooKeeper.connect(session, signal);
  try {
    const parts = await partsOf(zookeeper, options, secrets, around);
    for (const line of await dryRun(parts, signal)) around.out(line);
  } finally {
    await zookeeper.close();
  }
}

/** Runs the controller until `signal` aborts; rejects with `MESOS_GROUPS_SESSION` when its session is over. */
export async function runGroups(
  options: Options,
  env: NodeJS.ProcessEnv,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const secrets = readSecrets(env);
  let leading = false;
  let controller: GroupsController | undefined;
  let scaler: AppScaler | undefined;
  const metrics = new ScalingMetrics();
  const appMetrics = new AppMetrics();
  const texts = async (): Promise<string> => {
    const groups = await metrics.text(
      leading,
      controller?.statuses ?? {},
      controller?.scaling ?? noScaling,
      controller?.resources ?? {},
    );
    return groups + (await appMetrics.text(scaler?.report ?? {}));
  };
  const server = createStatusServer({
    health: () => ({ leading, cluster: options.cluster }),
    status: () => ({
      leading,
      cluster: options.cluster,
      pools: controller?.statuses ?? {},
      resources: controller?.resources ?? {},
      autoscale: controller?.scaling ?? noScaling,
      apps: scaler?.report ?? {},
    }),
    metrics: texts,
    token: secrets.apiToken,
    certificate:
      options.certificate === undefined ? undefined : readPem("--certificate", options.certificate),
  });
  const { host } = options.bind;
  const port = await server.listen(host, options.bind.port);
  const over = new AbortController();
  const work = AbortSignal.any([signal, over.signal]);
  let zookeeper: ZooKeeper | undefined;
  try {
    const session = { servers: options.zookeeper, credential: secrets.zookeeper, sessionTimeoutMs };
    zookeeper = await ZooKeeper.connect(session, work);
    zookeeper.onStateChange((state) => {
      if (state !== "expired") return;
      over.abort(
        new MesosError("MESOS_GROUPS_SESSION", "the ZooKeeper session is over", { retryable: true }),
      );
    });
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const me = { bind: `${host}:${port}`, bootId };
    await becomeLeader(zookeeper, controllerPath(options.cluster), me, work);
    leading = true;
    log.info({ cluster: options.cluster }, "leading");
    const parts = await partsOf(zookeeper, options, secrets, { env, log });
    const apps = new AppScaler(parts);
    scaler = apps;
    const groups = new GroupsController({ ...parts, held: () => apps.held });
    controller = groups;
    await together([groups, apps], work);
    over.signal.throwIfAborted();
  } catch (error) {
    over.signal.throwIfAborted();
    if (!signal.aborted) throw error;
  } finally {
    leading = false;
    await server.close();
    await zookeeper?.close();
  }
}

/** Runs all of them until `signal` aborts; when one fails the others end, too, and its reason is the reason. */
async function together(
  parts: readonly { run(signal: AbortSignal): Promise<void> }[],
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const runs = parts.map(async (part) => {
    try {
      await part.run(both);
    } catch (error) {
      failed.abort(error);
    }
  });
  await Promise.all(runs);
  failed.signal.throwIfAborted();
}
