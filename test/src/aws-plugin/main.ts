// SPDX-License-Identifier: Apache-2.0
// A provider plugin `aws` for tests: what the engine asks of it goes to the services of AWS, which a moto server plays.
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { AwsPlugin } from "./plugin";

const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(ResourceProviderService, new AwsPlugin().service() as UntypedServiceImplementation);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));
// The engine holds our stdin: whatever ends it ends the plugin.
process.stdin.on("end", () => process.exit(0)).resume();
