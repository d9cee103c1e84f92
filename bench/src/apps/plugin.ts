// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest, type CheckResponse } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { mostMemoryMiB, repository } from "./engine";

/** How a start of the plugin went, from its spawn to the line that names its port. */
export interface Start {
  readonly ms: number;
  readonly memoryMiB: number;
}

interface Running extends Start {
  readonly child: ChildProcessWithoutNullStreams;
  readonly port: string;
}

async function start(): Promise<Running> {
  const began = performance.now();
  // An address makes it the engine's plugin; nobody listens there, and nothing is said to it.
  const child = spawn(path.join(repository, "node_modules/.bin/pulumi-resource-mesos"), ["127.0.0.1:1"]);
  child.stderr.pipe(process.stderr);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const ms = performance.now() - began;
  return { child, port: line.toString().trim(), ms, memoryMiB: mostMemoryMiB(child.pid ?? 0) };
}

async function end({ child }: Running): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Starts the plugin so many times, one after another. */
export async function startTimes(count: number): Promise<Start[]> {
  const starts: Start[] = [];
  for (let i = 0; i < count; i++) {
    const running = await start();
    await end(running);
    starts.push(running);
  }
  return starts;
}

/** Milliseconds of each of `count` checks of a document, through the plugin's own protocol, after as many to warm it up. */
export async function checkTimes(
  type: string,
  document: Readonly<Record<string, unknown>>,
  count: number,
): Promise<number[]> {
  const running = await start();
  const client = new ResourceProviderClient(`127.0.0.1:${running.port}`, credentials.createInsecure());
  const request = new CheckRequest()
    .setUrn(`urn:pulumi:dev::bench::${type}::largest`)
    .setNews(Struct.fromJavaScript(document as never))
    .setOlds(new Struct());
  try {
    const times: number[] = [];
    for (let i = 0; i < 2 * count; i++) {
      const began = performance.now();
      await check(client, request);
      times.push(performance.now() - began);
    }
    return times.slice(count);
  } finally {
    client.close();
    await end(running);
  }
}

/** One check; a document that is refused would be a bench of something else. */
function check(client: ResourceProviderClient, request: CheckRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    client.check(request, (error, response: CheckResponse) => {
      const reasons = error === null ? response.getFailuresList().map((f) => f.getReason()) : [];
      if (error !== null) reject(error);
      else if (reasons.length > 0)
        reject(new Error(`the bench's document is refused: ${reasons.join("; ")}`));
      else resolve();
    });
  });
}
