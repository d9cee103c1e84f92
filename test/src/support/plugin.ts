// SPDX-License-Identifier: Apache-2.0
import { AssertionError } from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { credentials, Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import { EngineService, type IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { createPlugin } from "@pulumi-mesos/provider";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { pluginDirectory } from "./repository";

type Bag = Record<string, unknown>;

/** A resource as the engine would keep it. */
export interface Kept {
  readonly type: string;
  readonly id: string;
  readonly inputs: Bag;
  readonly state: Bag;
}

/** Something was made, but is not as asked for: the state that the engine would keep, and why. */
export class InitFailed extends Error {
  readonly kept: Kept;
  readonly reasons: readonly string[];

  constructor(kept: Kept, reasons: readonly string[]) {
    super(reasons.join("; "));
    this.kept = kept;
    this.reasons = reasons;
  }
}

/** The plugin over its own protocol, in this process, with the part of the engine that keeps states and lines. */
export class PluginDriver {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly #client: ResourceProviderClient;
  readonly #close: () => void;

  private constructor(client: ResourceProviderClient, close: () => void) {
    this.#client = client;
    this.#close = close;
  }

  /** Starts it with a provider's configuration, in this process. */
  static async start(config: Readonly<Record<string, unknown>>): Promise<PluginDriver> {
    const plugin = createPlugin({ environment: {} });
    return await PluginDriver.#attach(await plugin.listen(), () => plugin.close(), config);
  }

  /** Starts it as the engine does, in a process of its own, which {@link close} kills without a farewell. */
  static async spawn(config: Readonly<Record<string, unknown>>): Promise<PluginDriver> {
    const program = path.join(pluginDirectory, "pulumi-resource-mesos");
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
    const port = await new Promise<number>((resolve, reject) => {
      createInterface(child.stdout).once("line", (line) => resolve(Number(line)));
      child.once("exit", (code) => reject(new Error(`the plugin ended with ${code}`)));
    });
    return await PluginDriver.#attach(port, () => child.kill("SIGKILL"), config);
  }

  static async #attach(
    port: number,
    end: () => void,
    config: Readonly<Record<string, unknown>>,
  ): Promise<PluginDriver> {
    const options = { "grpc.max_receive_message_length": -1, "grpc.max_metadata_size": 16 * 1024 * 1024 };
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), options);
    const engine = new Server();
    const driver = new PluginDriver(client, () => {
      client.close();
      end();
      engine.forceShutdown();
    });
    const service: Partial<IEngineServer> = {
      log: (call, callback) => {
        const { message, ephemeral } = call.request.toObject();
        (ephemeral ? driver.lines : driver.warnings).push(message);
        callback(null, new Empty());
      },
    };
    engine.addService(EngineService, service as IEngineServer);
    const enginePort = await new Promise<number>((resolve, reject) =>
      engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (e, p) =>
        e === null ? resolve(p) : reject(e),
      ),
    );
    const handshake = new rpc.ProviderHandshakeRequest().setEngineAddress(`127.0.0.1:${enginePort}`);
    await call((done) => client.handshake(handshake, done));
    const configure = new rpc.ConfigureRequest().setArgs(struct(config)).setAcceptsecrets(true);
    await call((done) => client.configure(configure, done));
    return driver;
  }

  close(): void {
    this.#close();
  }

  /** The inputs as the engine goes on with them; fails with every fault. */
  async check(type: string, inputs: Bag, olds: Bag = {}): Promise<Bag> {
    const request = new rpc.CheckRequest().setUrn(urnOf(type)).setNews(struct(inputs)).setOlds(struct(olds));
    const answer = await call<rpc.CheckResponse>((done) => this.#client.check(request, done));
    const failures = answer.getFailuresList().map((f) => f.getReason());
    if (failures.length > 0) throw new Error(failures.join("\n"));
    return bag(answer.getInputs());
  }

  async create(type: string, inputs: Bag, timeoutSeconds = 0): Promise<Kept> {
    const checked = await this.check(type, inputs);
    const request = new rpc.CreateRequest()
      .setUrn(urnOf(type))
      .setProperties(struct(checked))
      .setTimeout(timeoutSeconds);
    const answer = await kept(type, (done: Done<rpc.CreateResponse>) => this.#client.create(request, done));
    return { type, id: answer.getId(), inputs: checked, state: bag(answer.getProperties()) };
  }

  async read(known: Kept): Promise<Kept | undefined> {
    const request = new rpc.ReadRequest()
      .setUrn(urnOf(known.type))
      .setId(known.id)
      .setInputs(struct(known.inputs))
      .setProperties(struct(known.state));
    const answer = await call<rpc.ReadResponse>((done) => this.#client.read(request, done));
    if (answer.getId() === "") return undefined;
    return {
      type: known.type,
      id: answer.getId(),
      inputs: bag(answer.getInputs()),
      state: bag(answer.getProperties()),
    };
  }

  /** What `pulumi import` reads. */
  async import(type: string, id: string): Promise<Kept | undefined> {
    return await this.read({ type, id, inputs: {}, state: {} });
  }

  /** Each changed path with its kind, such as `apps[0].mem: UPDATE`. */
  async diff(old: Kept, inputs: Bag): Promise<string[]> {
    const checked = await this.check(old.type, inputs, old.inputs);
    const request = new rpc.DiffRequest()
      .setUrn(urnOf(old.type))
      .setId(old.id)
      .setOldInputs(struct(old.inputs))
      .setOlds(struct(old.state))
      .setNews(struct(checked));
    const answer = await call<rpc.DiffResponse>((done) => this.#client.diff(request, done));
    const names = Object.entries(rpc.PropertyDiff.Kind);
    const changes: string[] = [];
    answer.getDetaileddiffMap().forEach((d: rpc.PropertyDiff, path: string) => {
      changes.push(`${path}: ${names.find(([, value]) => value === d.getKind())?.[0]}`);
    });
    return changes.sort();
  }

  /** The update of a preview: lines of its plan stand in `lines` and `warnings`. */
  async previewUpdate(old: Kept, inputs: Bag): Promise<Bag> {
    return bag((await this.#update(old, inputs, true, 0)).getProperties());
  }

  async update(
    old: Kept,
    inputs: Bag,
    timeoutSeconds = 0,
    ignoreChanges: readonly string[] = [],
  ): Promise<Kept> {
    const answer = await this.#update(old, inputs, false, timeoutSeconds, ignoreChanges);
    return { ...old, inputs, state: bag(answer.getProperties()) };
  }

  async delete(old: Kept, timeoutSeconds = 0): Promise<void> {
    const request = new rpc.DeleteRequest()
      .setUrn(urnOf(old.type))
      .setId(old.id)
      .setOldInputs(struct(old.inputs))
      .setProperties(struct(old.state))
      .setTimeout(timeoutSeconds);
    await call((done) => this.#client.delete(request, done));
  }

  async invoke(token: string, args: Bag): Promise<Bag> {
    const request = new rpc.InvokeRequest().setTok(token).setArgs(struct(args));
    const answer = await call<rpc.InvokeResponse>((done) => this.#client.invoke(request, done));
    const failures = answer.getFailuresList().map((f) => `${f.getProperty()}: ${f.getReason()}`);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    return bag(answer.getReturn());
  }

  async #update(
    old: Kept,
    inputs: Bag,
    preview: boolean,
    timeout: number,
    ignoreChanges: readonly string[] = [],
  ): Promise<rpc.UpdateResponse> {
    const checked = await this.check(old.type, inputs, old.inputs);
    const request = new rpc.UpdateRequest()
      .setUrn(urnOf(old.type))
      .setId(old.id)
      .setOldInputs(struct(old.inputs))
      .setOlds(struct(old.state))
      .setNews(struct(checked))
      .setPreview(preview)
      .setTimeout(timeout)
      .setIgnorechangesList([...ignoreChanges]);
    return await kept(old.type, (done: Done<rpc.UpdateResponse>) => this.#client.update(request, done));
  }
}

/** The failure of work that left something half made; fails when it succeeds or fails otherwise. */
export async function failed(work: Promise<unknown>): Promise<InitFailed> {
  try {
    await work;
  } catch (error) {
    if (error instanceof InitFailed) return error;
    throw error;
  }
  throw new AssertionError({ message: "did not fail" });
}

type Done<T> = (error: ServiceError | null, response: T) => void;

const urnOf = (type: string): string => `urn:pulumi:dev::test::${type}::r`;
const struct = (values: Bag): Struct =>
  Struct.fromJavaScript(JSON.parse(JSON.stringify(values)) as Parameters<typeof Struct.fromJavaScript>[0]);
const bag = (values: Struct | undefined): Bag => (values?.toJavaScript() ?? {}) as Bag;

function call<T>(send: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    send((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

/** A call whose failure may carry what was made. */
async function kept<T>(type: string, send: (done: Done<T>) => unknown): Promise<T> {
  try {
    return await call(send);
  } catch (error) {
    const { code, metadata } = error as ServiceError;
    const [bytes] = metadata?.get("grpc-status-details-bin") ?? [];
    if (code !== status.UNKNOWN || !Buffer.isBuffer(bytes)) throw error;
    const [any] = Status.deserializeBinary(bytes).getDetailsList();
    const failed = rpc.ErrorResourceInitFailed.deserializeBinary(any?.getValue_asU8() ?? new Uint8Array());
    const made = {
      type,
      id: failed.getId(),
      inputs: bag(failed.getInputs()),
      state: bag(failed.getProperties()),
    };
    throw new InitFailed(made, failed.getReasonsList());
  }
}
