// SPDX-License-Identifier: Apache-2.0
import type * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { GetSchemaResponse } from "@pulumi/pulumi/proto/provider_pb";
import { packageVersion } from "@pulumi-mesos/model";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { answerCreate, answerDelete, answerRead, answerUpdate } from "./change-calls";
import { parseConfig } from "./config";
import { answerCheckConfig, answerConfigure, answerDiffConfig } from "./config-calls";
import { EngineLog } from "./engine-log";
import { answerInvoke } from "./invoke-call";
import { Operations } from "./operation";
import { answerCheck, answerDiff } from "./plan-calls";
import { packageSchema } from "./schema";
import type { Session } from "./session";

/** The calls of the plugin that need more than the protocol. */
export interface Calls {
  readonly version: string;
  getSchema(): Promise<rpc.GetSchemaResponse>;
  checkConfig(request: rpc.CheckRequest): Promise<rpc.CheckResponse>;
  diffConfig(request: rpc.DiffRequest): Promise<rpc.DiffResponse>;
  configure(request: rpc.ConfigureRequest): Promise<rpc.ConfigureResponse>;
  check(request: rpc.CheckRequest): Promise<rpc.CheckResponse>;
  diff(request: rpc.DiffRequest): Promise<rpc.DiffResponse>;
  create(request: rpc.CreateRequest, peer: AbortSignal): Promise<rpc.CreateResponse>;
  read(request: rpc.ReadRequest, peer: AbortSignal): Promise<rpc.ReadResponse>;
  update(request: rpc.UpdateRequest, peer: AbortSignal): Promise<rpc.UpdateResponse>;
  delete(request: rpc.DeleteRequest, peer: AbortSignal): Promise<Empty>;
  invoke(request: rpc.InvokeRequest, peer: AbortSignal): Promise<rpc.InvokeResponse>;
  cancel(): Promise<Empty>;
}

/** Makes the calls of one plugin process; `engineAddress` is asked for at each line that is shown. */
export function createCalls(environment: NodeJS.ProcessEnv, engineAddress: () => string | undefined): Calls {
  const operations = new Operations();
  const log = new EngineLog(engineAddress);
  const session: Session = { environment, operations, log, summaries: new Map(), config: parseConfig({}) };
  return {
    version: packageVersion,
    getSchema: async () => new GetSchemaResponse().setSchema(JSON.stringify(await packageSchema())),
    checkConfig: answerCheckConfig,
    diffConfig: answerDiffConfig,
    configure: (request) => answerConfigure(session, request),
    check: answerCheck,
    diff: (request) => answerDiff(session, request),
    create: (request, peer) => answerCreate(session, request, peer),
    read: (request, peer) => answerRead(session, request, peer),
    update: (request, peer) => answerUpdate(session, request, peer),
    delete: async (request, peer) => {
      await answerDelete(session, request, peer);
      return new Empty();
    },
    invoke: (request, peer) => answerInvoke(session, request, peer),
    cancel: async () => {
      operations.cancel();
      return new Empty();
    },
  };
}
