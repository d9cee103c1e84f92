// SPDX-License-Identifier: Apache-2.0
// Stands between the engine and the plugin and passes every call on unchanged. At the call that the file CRASH_FILE names
// it ends the engine (its parent), once: before the call reaches the plugin, while the plugin works, or after its answer and
// before the engine has it.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { repository } from "./repository";

/** A call that changes something. */
export type Verb = "Create" | "Update" | "Delete";

/** SIGKILL loses the answer; SIGINT, as Ctrl-C sends it, lets the engine end as it likes. */
export type Signal = "SIGKILL" | "SIGINT";
export type Moment = "before the work" | "during the work" | "after the work";

/** What the file CRASH_FILE holds. */
export type CrashPoint =
  | {
      readonly verb: Verb;
      readonly type: string;
      /** The first such resource, or the one of this name. */
      readonly name?: string;
      readonly signal: Signal;
      readonly moment: Moment;
    }
  /** While any kind of call is at work, and after it, unless that is here: `during the work: Create mesos:local:Volume`. */
  | { readonly except: readonly string[]; readonly signal: "SIGKILL" };

const file = process.env.CRASH_FILE ?? "";

const urnOf: Record<string, (bytes: Buffer) => { urn: string; preview: boolean }> = {
  Create: (bytes) => {
    const m = messages.CreateRequest.deserializeBinary(bytes);
    return { urn: m.getUrn(), preview: m.getPreview() };
  },
  Update: (bytes) => {
    const m = messages.UpdateRequest.deserializeBinary(bytes);
    return { urn: m.getUrn(), preview: m.getPreview() };
  },
  Delete: (bytes) => ({ urn: messages.DeleteRequest.deserializeBinary(bytes).getUrn(), preview: false }),
};

/** The changing call that a request is; undefined for every other and at preview. */
function changeOf(
  verb: string,
  request: Buffer,
): { verb: string; type: string; name: string | undefined } | undefined {
  const decoded = urnOf[verb]?.(request);
  if (decoded === undefined || decoded.preview) return undefined;
  const [, , types = "", name] = decoded.urn.split("::");
  return { verb, type: types.split("$").at(-1) ?? "", name };
}

/** Whether this is the call and the moment to crash at; taking it disarms it, and leaves behind what it was. */
function takeCrash(change: ReturnType<typeof changeOf>, moment: Moment): CrashPoint | undefined {
  if (change === undefined || !existsSync(file)) return undefined;
  const point = JSON.parse(readFileSync(file, "utf8")) as CrashPoint;
  const what = `${moment}: ${change.verb} ${change.type}`;
  if ("except" in point) {
    if (moment === "before the work" || point.except.includes(what)) return undefined;
  } else {
    if (point.moment !== moment || point.verb !== change.verb || point.type !== change.type) return undefined;
    if (point.name !== undefined && point.name !== change.name) return undefined;
  }
  rmSync(file);
  writeFileSync(`${file}.fired`, what);
  return point;
}

function startPlugin(): Promise<string> {
  const plugin = path.join(repository, "packages/provider/bin/pulumi-resource-mesos");
  const child = spawn(process.execPath, [plugin, ...process.argv.slice(2)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.once("exit", (code) => process.exit(code ?? 1));
  process.stdin.pipe(child.stdin);
  process.stdin.once("end", () => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    readline.createInterface(child.stdout).once("line", (port) => resolve(port));
  });
}

/** Ends the engine as the point says; answers whether nothing more must happen. */
function end(point: CrashPoint | undefined): boolean {
  if (point === undefined) return false;
  process.kill(process.ppid, point.signal);
  return point.signal === "SIGKILL";
}

async function main(): Promise<void> {
  const raw = (bytes: Buffer): Buffer => bytes;
  const limits = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
  const client = new grpc.Client(
    `127.0.0.1:${await startPlugin()}`,
    grpc.credentials.createInsecure(),
    limits,
  );
  const definition: Record<string, grpc.MethodDefinition<Buffer, Buffer>> = {};
  const handlers: Record<string, grpc.handleUnaryCall<Buffer, Buffer>> = {};
  for (const [name, method] of Object.entries(ResourceProviderService)) {
    const {
      path: methodPath,
      requestStream,
      responseStream,
    } = method as grpc.MethodDefinition<unknown, unknown>;
    if (requestStream || responseStream) continue;
    definition[name] = {
      path: methodPath,
      requestStream,
      responseStream,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    };
    const verb = methodPath.split("/").at(-1) ?? "";
    handlers[name] = (call, callback) => {
      const change = changeOf(verb, call.request);
      if (change !== undefined) appendFileSync(`${file}.calls`, `${change.verb} ${change.type}\n`);
      if (end(takeCrash(change, "before the work"))) return;
      client.makeUnaryRequest(methodPath, raw, raw, call.request, call.metadata, (error, response) => {
        const done = error === null ? change : undefined;
        if (!end(takeCrash(done, "after the work"))) callback(error, response);
      });
      end(takeCrash(change, "during the work"));
    };
  }
  const server = new grpc.Server(limits);
  server.addService(definition, handlers);
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(port);
  });
}

void main();
