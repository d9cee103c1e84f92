// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type handleUnaryCall, status } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Carrier } from "./carrier";
import { hasCredentials } from "./clients";
import { type AnyType, type Bag, unasked, uncarried } from "./resource-type";
import { resourceTypes } from "./types";
import { files } from "./types/files";
import { functions } from "./types/functions";

/** What `@pulumi/aws` tells its provider beside the region, and what it sets where the program says nothing. */
const usualConfig = new Set(["region", "version", "skipCredentialsValidation", "skipRegionValidation"]);

/** As `pulumi-resource-aws` 7.48 says it. */
const noCredentials = `No valid credential sources found.
Please see https://www.pulumi.com/registry/packages/aws/installation-configuration/ for more information about providing credentials.`;

/** Answers the engine: the types of `types/` against the services of AWS. */
export class AwsPlugin {
  #carrier = new Carrier("");

  service(): Readonly<Record<string, handleUnaryCall<never, unknown>>> {
    return {
      getPluginInfo: unary(() => new PluginInfo().setVersion("7.48.0")),
      checkConfig: unary((request: rpc.CheckRequest) => this.#checkConfig(request)),
      diffConfig: unary(() => new rpc.DiffResponse().setChanges(rpc.DiffResponse.DiffChanges.DIFF_NONE)),
      configure: unary((request: rpc.ConfigureRequest) => {
        this.#carrier = new Carrier(String(bag(request.getArgs())["region"]));
        return new rpc.ConfigureResponse();
      }),
      invoke: unary((request: rpc.InvokeRequest) => this.#invoke(request)),
      check: unary((request: rpc.CheckRequest) => check(request)),
      diff: unary((request: rpc.DiffRequest) => diff(request)),
      create: unary((request: rpc.CreateRequest) => this.#create(request)),
      read: unary((request: rpc.ReadRequest) => this.#read(request)),
      update: unary((request: rpc.UpdateRequest) => this.#update(request)),
      delete: unary((request: rpc.DeleteRequest) => this.#delete(request)),
      cancel: unary(() => new Empty()),
    };
  }

  /** Says as the real one whether there are credentials: with its words, before anything else. */
  async #checkConfig(request: rpc.CheckRequest): Promise<rpc.CheckResponse> {
    const unknown = Object.keys(bag(request.getNews())).filter((key) => !usualConfig.has(key));
    const failures = unknown.map((key) => failure(key, "the plugin of the tests does not know it"));
    return new rpc.CheckResponse()
      .setInputs(request.getNews())
      .setFailuresList((await hasCredentials()) ? failures : [failure("", noCredentials), ...failures]);
  }

  async #invoke(request: rpc.InvokeRequest): Promise<rpc.InvokeResponse> {
    const [token, inputs] = [request.getTok(), bag(request.getArgs())];
    const entry = functions[token];
    if (entry === undefined) throw new Error(`the plugin of the tests does not carry ${token}`);
    const failures = unasked(entry, inputs).map((path) =>
      failure(path.slice(1), "the plugin of the tests does not carry it"),
    );
    if (failures.length > 0) return new rpc.InvokeResponse().setFailuresList(failures);
    return new rpc.InvokeResponse().setReturn(struct(await this.#carrier.ask(entry, inputs)));
  }

  async #create(request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
    const inputs = bag(request.getProperties());
    const { id, computed } = await this.#carrier.create(kindOf(request.getUrn()).entry, inputs);
    return new rpc.CreateResponse().setId(id).setProperties(struct({ ...computed, ...inputs }));
  }

  async #read(request: rpc.ReadRequest): Promise<rpc.ReadResponse> {
    const { entry } = kindOf(request.getUrn());
    const [inputs, known] = [bag(request.getInputs()), bag(request.getProperties())];
    const state = await this.#carrier.look(entry, request.getId(), { ...known, ...inputs });
    if (state === undefined) return new rpc.ReadResponse();
    const now = Object.fromEntries(Object.keys(inputs).map((key) => [key, state.inputs[key]]));
    return new rpc.ReadResponse()
      .setId(request.getId())
      .setInputs(struct(now))
      .setProperties(struct({ ...state.computed, ...now }));
  }

  async #update(request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
    const { entry } = kindOf(request.getUrn());
    const [inputs, olds] = [bag(request.getNews()), bag(request.getOlds())];
    const computed = await this.#carrier.change(entry, request.getId(), inputs, olds);
    return new rpc.UpdateResponse().setProperties(struct({ ...computed, ...inputs }));
  }

  async #delete(request: rpc.DeleteRequest): Promise<Empty> {
    const { entry } = kindOf(request.getUrn());
    await this.#carrier.remove(entry, request.getId(), bag(request.getProperties()));
    return new Empty();
  }
}

function check(request: rpc.CheckRequest): rpc.CheckResponse {
  const { entry, name } = kindOf(request.getUrn());
  const [news, olds] = [bag(request.getNews()), bag(request.getOlds())];
  const inputs = entry.named
    ? { ...news, name: news["name"] ?? olds["name"] ?? made(name, news, request) }
    : news;
  const failures = uncarried(entry, inputs).map((path) =>
    failure(path.slice(1), "the plugin of the tests does not carry it"),
  );
  return new rpc.CheckResponse().setInputs(struct(inputs)).setFailuresList(failures);
}

/** Another name for each resource that the engine makes, of 32 letters at most, as load balancers have it. */
function made(name: string, { namePrefix }: Bag, request: rpc.CheckRequest): string {
  const seed = createHash("sha256").update(request.getUrn()).update(request.getRandomseed_asU8());
  return `${namePrefix ?? `${name}-`}${seed.digest("hex").slice(0, 12)}`;
}

function diff(request: rpc.DiffRequest): rpc.DiffResponse {
  const { entry } = kindOf(request.getUrn());
  const [olds, news] = [bag(request.getOldInputs()), bag(request.getNews())];
  const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
  const changed = keys.filter((key) => !isDeepStrictEqual(olds[key], news[key]));
  const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
  return new rpc.DiffResponse()
    .setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList(changed)
    .setReplacesList(changed.filter((key) => !(entry.changes ?? []).includes(key)));
}

function kindOf(urn: string): { readonly entry: AnyType; readonly name: string } {
  const [, , types = "", name = ""] = urn.split("::");
  const token = types.slice(types.lastIndexOf("$") + 1);
  const entry = resourceTypes[token] ?? files[token];
  if (entry === undefined) throw new Error(`the plugin of the tests does not carry ${token}`);
  return { entry, name };
}

function failure(property: string, reason: string): rpc.CheckFailure {
  return new rpc.CheckFailure().setProperty(property).setReason(reason);
}

function bag(values: Struct | undefined): Bag {
  return (values?.toJavaScript() ?? {}) as Bag;
}

function struct(values: Bag): Struct {
  return Struct.fromJavaScript(
    JSON.parse(JSON.stringify(values)) as Parameters<typeof Struct.fromJavaScript>[0],
  );
}

/** A failure is AWS's own word, with its code. */
function unary<Q, A>(answer: (request: Q) => A | Promise<A>): handleUnaryCall<never, unknown> {
  return async (call, callback) => {
    try {
      callback(null, await answer(call.request as Q));
    } catch (error) {
      const { name, message } = error as Error;
      callback({ code: status.FAILED_PRECONDITION, details: `${name}: ${message}` });
    }
  };
}
