// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZooKeeper } from "@pulumi-mesos/client";
import { findProgram, searchPath } from "@pulumi-mesos/supervisor";

/** A real ZooKeeper server on `host`:2181 that serves when this resolves. */
export async function startZooKeeper(host: string): Promise<{ servers: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "provider-zookeeper-"));
  const config = join(directory, "zoo.cfg");
  const lines = ["tickTime=500", `dataDir=${directory}/data`, "clientPort=2181", `clientPortAddress=${host}`];
  await writeFile(config, `${[...lines, "admin.enableServer=false"].join("\n")}\n`);
  const program = await findProgram("zookeeper-server", searchPath(__dirname, process.env));
  const child = spawn(program, [config], { stdio: "ignore" });
  const servers = `${host}:2181`;
  try {
    const session = await ZooKeeper.connect({ servers }, AbortSignal.timeout(60_000));
    await session.close();
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    servers,
    async stop() {
      const exited = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGKILL")) await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
