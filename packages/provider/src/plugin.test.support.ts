// SPDX-License-Identifier: Apache-2.0
import { credentials, type Metadata, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { EngineService, type IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { createPlugin, type Plugin } from "./server";

export type Bag = Record<string, unknown>;

export const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** `value` as a secret on the wire. */
export const secret = (value: unknown): Bag => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
export const struct = (bag: Bag): Struct => Struct.fromJavaScript(bag as never);
export const bagOf = (bag: Struct | undefined): Bag => (bag?.toJavaScript() ?? {}) as Bag;
export const urnOf = (type: string, name = "r"): string => `urn:pulumi:dev::p82::${type}::${name}`;

/** One line that reached the engine. */
export interface Line {
  readonly message: string;
  readonly urn: string;
  readonly ephemeral: boolean;
}

/** A plugin with a client on it and an engine that keeps its lines. */
export interface TestPlugin {
  readonly client: ResourceProviderClient;
  readonly lines: Line[];
  close(): Promise<void>;
}

export async function startPlugin(environment: NodeJS.ProcessEnv = {}): Promise<TestPlugin> {
  const lines: Line[] = [];
  const engine = new Server();
  const service: Partial<IEngineServer> = {
    log: (call, callback) => {
      const { message, urn, ephemeral } = call.request.toObject();
      lines.push({ message, urn, ephemeral });
      callback(null, new Empty());
    },
  };
  engine.addService(EngineService, service as IEngineServer);
  const enginePort = await new Promise<number>((resolve, reject) =>
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (e, port) =>
      e ? reject(e) : resolve(port),
    ),
  );
  const plugin: Plugin = createPlugin({ environment });
  const client = connect(await plugin.listen());
  const handshake = new rpc.ProviderHandshakeRequest().setEngineAddress(`127.0.0.1:${enginePort}`);
  await call<rpc.ProviderHandshakeResponse>((done) => client.handshake(handshake, done));
  return {
    client,
    lines,
    close: async () => {
      client.close();
      plugin.close();
      engine.forceShutdown();
    },
  };
}

export function connect(port: number): ResourceProviderClient {
  return new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_metadata_size": 16 * 1024 * 1024, // as in the engine
  });
}

/** A unary call as a promise. */
export function call<T>(
  send: (done: (error: ServiceError | null, response: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    send((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

/** Code, words and metadata with which a call failed. */
export async function failureOf(
  result: Promise<unknown>,
): Promise<{ code: number; details: string; metadata: Metadata }> {
  try {
    await result;
  } catch (error) {
    return error as ServiceError;
  }
  throw new TypeError("the call did not fail");
}

/** Check of `news`: what comes back and every failure, whose reason begins with its path. */
export async function check(
  { client }: TestPlugin,
  type: string,
  news: Bag,
  olds: Bag = {},
): Promise<{ inputs: Bag; failures: string[] }> {
  const request = new rpc.CheckRequest().setUrn(urnOf(type)).setNews(struct(news)).setOlds(struct(olds));
  const response = await call<rpc.CheckResponse>((done) => client.check(request, done));
  return {
    inputs: bagOf(response.getInputs()),
    failures: response.getFailuresList().map((f) => f.getReason()),
  };
}
