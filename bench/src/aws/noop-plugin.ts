// SPDX-License-Identifier: Apache-2.0
// A plugin `aws` that takes every resource as it is, for previews: what is left is the program's and the engine's own time.
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckResponse, ConfigureResponse, InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

const service: Partial<IResourceProviderServer> = {
  getPluginInfo: (_call, answer) => answer(null, new PluginInfo().setVersion("7.48.0")),
  checkConfig: ({ request }, answer) => answer(null, new CheckResponse().setInputs(request.getNews())),
  configure: (_call, answer) => answer(null, new ConfigureResponse()),
  check: ({ request }, answer) => answer(null, new CheckResponse().setInputs(request.getNews())),
  // As for a provider that is not yet configured: nothing is known.
  invoke: (_call, answer) => answer(null, new InvokeResponse().setReturn(new Struct())),
};

const server = new Server();
server.addService(ResourceProviderService, service as UntypedServiceImplementation);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));
process.stdin.on("end", () => process.exit(0)).resume();
