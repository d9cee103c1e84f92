// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ZooKeeper } from "@pulumi-mesos/client";
import type { DockerHost } from "./docker-host";
import { ipv4Of, listening } from "./processes";

/** `host:port` of whatever listens in these containers, but for what they keep to themselves. */
export async function listenersOf(host: DockerHost, containers: readonly string[]): Promise<string[]> {
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  const found = containers.map(async (container) => {
    const [address] = await host.docker("inspect", "--format", format, container);
    const table = await host.docker("exec", container, "cat", "/proc/net/tcp", "/proc/net/tcp6");
    const open = listening(table).filter((one) => !isLoopback(one.address));
    return [...new Set(open.map(({ port }) => `${address}:${port}`))];
  });
  return (await Promise.all(found)).flat();
}

/** In 127.x/8, where dockerd's name server is, too, or `::1`. */
function isLoopback(address: string): boolean {
  return ipv4Of(address)?.[0] === 127 || address === `${"0".repeat(24)}01000000`;
}

/** Fails unless a ZooKeeper server closes its door to whoever has no credential, and its nodes to whoever has a wrong one. */
export async function refusesStrangers(server: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const look = async (credential?: string): Promise<unknown> => {
    const session = await ZooKeeper.connect({ servers: server, credential }, signal);
    try {
      return await session.get("/marathon/state");
    } finally {
      await session.close();
    }
  };
  await assert.rejects(look(), /it asks for a credential/, server);
  await assert.rejects(look("marathon:guessed-by-a-stranger"), { code: "MESOS_ZOOKEEPER_DENIED" }, server);
}
