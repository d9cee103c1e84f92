// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest, CheckResponse } from "@pulumi/pulumi/proto/provider_pb";
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

/**
 * Milliseconds of each of `count` checks of a document, through the plugin's own protocol, after as many to warm it up.
 *
 * From the bytes of the request to those of the answer: what the caller makes of them is the engine's own.
 */
export async function checkTimes(
  type: string,
  document: Readonly<Record<string, unknown>>,
  count: number,
): Promise<number[]> {
  const running = await start();
  const client = new Client(`127.0.0.1:${running.port}`, credentials.createInsecure());
  const request = new CheckRequest()
    .setUrn(`urn:pulumi:dev::bench::${type}::largest`)
    .setNews(Struct.fromJavaScript(document as never))
    .setOlds(new Struct());
  const bytes = Buffer.from(request.serializeBinary());
  try {
    const times: number[] = [];
    for (let i = 0; i < 2 * count; i++) {
      const began = performance.now();
      const answer = await check(client, bytes);
      times.push(performance.now() - began);
      refuseFailures(CheckResponse.deserializeBinary(answer));
    }
    return times.slice(count);
  } finally {
    client.close();
    await end(running);
  }
}

const asItIs = (bytes: Buffer): Buffer => bytes;

function check(client: Client, request: Buffer): Promise<Buffer> {
  const { path } = ResourceProviderService.check;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asItIs, asItIs, request, (error, answer) => {
      if (error !== null || answer === undefined) reject(error);
      else resolve(answer);
    });
  });
}

/** A document that is refused would be a bench of something else. */
function refuseFailures(answer: CheckResponse): void {
  const reasons = answer.getFailuresList().map((f) => f.getReason());
  if (reasons.length > 0) throw new Error(`the bench's document is refused: ${reasons.join("; ")}`);
}
