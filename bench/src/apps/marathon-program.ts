// SPDX-License-Identifier: Apache-2.0
// A Marathon with no-op agents in a process of its own, so that its work is not the bench's. Speaks with its parent:
// says its URL once it is up, and on any message how many HTTP requests Marathon has had so far.
import { channel } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { startCluster } from "@pulumi-mesos/simulator";

const [network, agents] = process.argv.slice(2);

async function main(): Promise<void> {
  const cluster = await startCluster({
    network,
    agents: Number(agents),
    resources: "cpus:1000;mem:1000000;disk:1000000",
    signal: AbortSignal.timeout(120_000),
  });
  const { host } = new URL(cluster.marathon.url);
  let requests = 0;
  channel("http.server.request.start").subscribe((message) => {
    const { socket } = (message as { request: IncomingMessage }).request;
    if (`${socket.localAddress}:${socket.localPort}` === host) requests += 1;
  });
  process.on("message", () => process.send?.({ requests }));
  process.on("disconnect", () => process.exit(0));
  process.send?.({ url: cluster.marathon.url });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
