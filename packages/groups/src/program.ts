// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { connectDocker, MarathonClient, MesosClient, ZooKeeper } from "@pulumi-mesos/client";
import { controllerPath, dockerSocket, MesosError } from "@pulumi-mesos/model";
import { searchPath } from "@pulumi-mesos/supervisor";
import { awsBackend } from "./backends/aws";
import type { Backend } from "./backends/backend";
import { dockerBackend } from "./backends/docker";
import { localBackend } from "./backends/local";
import { systemClock } from "./clock";
import { GroupsController, type Log } from "./controller";
import { becomeLeader } from "./leader-lock";
import { type MemberHome, type Options, readSecrets } from "./options";
import { PoolStore } from "./pool-store";
import { createStatusServer } from "./status-server";

const sessionTimeoutMs = 6000;

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
  const server = createStatusServer({
    health: () => ({ leading, cluster: options.cluster }),
    status: () => ({ leading, cluster: options.cluster, pools: controller?.statuses ?? {} }),
    token: secrets.apiToken,
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
    controller = new GroupsController({
      store: new PoolStore(zookeeper, options.cluster),
      mesos: new MesosClient({ masters: options.masters, authorization: secrets.masters }),
      marathon:
        options.marathon.length === 0
          ? undefined
          : new MarathonClient({ urls: options.marathon, ...secrets.marathon }),
      marathonName: options.marathonName,
      backend: await backendOf(options.members, env),
      clock: systemClock,
      log,
    });
    await controller.run(work);
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
