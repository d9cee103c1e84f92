// SPDX-License-Identifier: Apache-2.0
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ProviderHandshakeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { unary } from "./unary";

/** What {@link createPlugin} is made from. */
export interface PluginOptions {
  /** Where the engine listens; without it lines go nowhere until Handshake or Attach says. */
  readonly engineAddress?: string;
  /** The environment in which programs and state are found. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The plugin as a gRPC server. */
export interface Plugin {
  /** Listens on 127.0.0.1 and answers the port. */
  listen(): Promise<number>;
  close(): void;
}

const maxMessageBytes = 400 * 1024 * 1024;

/**
 * Makes the plugin. Only the protocol is loaded here; the calls (`calls.ts`) and each resource come at their first use.
 */
export function createPlugin(options: PluginOptions): Plugin {
  let engineAddress = options.engineAddress;
  const calls = lazy(async () => {
    const { createCalls } = await import("./calls.js");
    return createCalls(options.environment, () => engineAddress);
  });
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    "grpc.max_metadata_size": 16 * 1024 * 1024,
  });
  const service: Partial<IResourceProviderServer> = {
    handshake: unary(async (request) => {
      engineAddress = request.getEngineAddress() || engineAddress;
      return new ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    attach: unary(async (request) => {
      engineAddress = request.getAddress();
      return new Empty();
    }),
    getPluginInfo: unary(async () => new PluginInfo().setVersion((await calls()).version)),
    getSchema: unary(async () => (await calls()).getSchema()),
    checkConfig: unary(async (request) => (await calls()).checkConfig(request)),
    diffConfig: unary(async (request) => (await calls()).diffConfig(request)),
    configure: unary(async (request) => (await calls()).configure(request)),
    check: unary(async (request) => (await calls()).check(request)),
    diff: unary(async (request) => (await calls()).diff(request)),
    create: unary(async (request, peer) => (await calls()).create(request, peer)),
    read: unary(async (request, peer) => (await calls()).read(request, peer)),
    update: unary(async (request, peer) => (await calls()).update(request, peer)),
    delete: unary(async (request, peer) => (await calls()).delete(request, peer)),
    invoke: unary(async (request, peer) => (await calls()).invoke(request, peer)),
    cancel: unary(async () => (await calls()).cancel()),
  };
  server.addService(ResourceProviderService, service as UntypedServiceImplementation);
  return {
    listen: () => listen(server),
    close: () => server.forceShutdown(),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
