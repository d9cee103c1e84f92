// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { packageVersion } from "@pulumi-mesos/model";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { until } from "./alive.test.support";
import {
  bagOf,
  call,
  check,
  failureOf,
  secret,
  startPlugin,
  struct,
  type TestPlugin,
  unknownString,
  urnOf,
} from "./plugin.test.support";

const process = "mesos:local:Process";
const ready = "mesos:index:Ready";
const member = (n: number) => ({ name: `m-${n}`, host: `127.82.3.${n}`, port: 2181 });
/** A Ready that waits for ever: nothing answers at these addresses. */
const hanging = { kind: "zookeeper", member: member(1), peers: [member(2)], whole: true, incarnation: "i" };

describe("the plugin's service", function () {
  this.timeout(60_000);
  let plugin: TestPlugin;
  beforeEach(async () => {
    plugin = await startPlugin();
  });
  afterEach(() => plugin.close());

  const create = (
    properties: Record<string, unknown>,
    o: { type?: string; timeout?: number; preview?: boolean } = {},
  ) =>
    call<rpc.CreateResponse>((done) =>
      plugin.client.create(
        new rpc.CreateRequest()
          .setUrn(urnOf(o.type ?? ready))
          .setProperties(struct(properties))
          .setTimeout(o.timeout ?? 0)
          .setPreview(o.preview ?? false),
        done,
      ),
    );

  it("says its version and schema", async () => {
    const info = await call<PluginInfo>((done) => plugin.client.getPluginInfo(new Empty(), done));
    equal(info.getVersion(), packageVersion);
    const schema = await call<rpc.GetSchemaResponse>((done) =>
      plugin.client.getSchema(new rpc.GetSchemaRequest(), done),
    );
    equal(JSON.parse(schema.getSchema()).name, "mesos");
  });

  it("checks with secrets and unknowns anywhere, and gives them back as they came", async () => {
    const news = {
      name: "a",
      command: ["sleep", unknownString],
      env: { A: secret("hush"), B: secret(unknownString) },
    };
    deepEqual(await check(plugin, process, news), { inputs: news, failures: [] });
    const allUnknown = Object.fromEntries(
      ["name", "command", "env", "files", "ready"].map((key) => [key, unknownString]),
    );
    deepEqual(await check(plugin, process, allUnknown), { inputs: allUnknown, failures: [] });
  });

  it("reports everything that is wrong at once and shows no secret", async () => {
    const { failures } = await check(plugin, process, {
      name: secret("hush hush"),
      command: ["sleep", secret("hush")],
      comand: 1,
      ready: { tcp: "a:1", http: "http://a" },
      files: [
        { path: "a", content: "" },
        { path: "a", content: "" },
      ],
    });
    const paths = failures.map((f) => f.split(": ")[0]);
    deepEqual(paths.sort(), ["comand", "command", "files[1].path", "name", "ready"]);
    equal(failures.join().includes("hush"), false);
    match(failures.join(), /did you mean "?command/);
  });

  it("names the path in the reason alone, because the engine would print the property's value", async () => {
    const request = new rpc.CheckRequest()
      .setUrn(urnOf(process))
      .setNews(struct({ name: "a", command: ["sleep"], cwd: 3 }));
    const response = await call<rpc.CheckResponse>((done) => plugin.client.check(request, done));
    deepEqual(
      response.getFailuresList().map((f) => [f.getProperty(), f.getReason()]),
      [["", "cwd: must be a string, got 3"]],
    );
  });

  it("previews what is known and marks the rest", async () => {
    const response = await create(
      { name: "a", command: ["sleep"], env: secret({ A: "b" }) },
      { type: process, preview: true },
    );
    equal(response.getId(), "");
    equal(response.getRefreshBeforeUpdate(), true);
    deepEqual(response.getProperties()?.toJavaScript(), {
      name: "a",
      command: ["sleep"],
      env: secret({ A: "b" }),
      running: true,
      incarnation: unknownString,
      directory: unknownString,
      logFile: unknownString,
    });
  });

  it("diffs with unknowns and drift", async () => {
    const inputs = { name: "a", command: ["sleep", "1"] };
    const request = new rpc.DiffRequest()
      .setUrn(urnOf(process))
      .setId("a")
      .setOldInputs(struct(inputs))
      .setOlds(struct({ ...inputs, running: false, incarnation: "i" }))
      .setNews(struct({ name: "a", command: ["sleep", unknownString] }));
    const diff = await call<rpc.DiffResponse>((done) => plugin.client.diff(request, done));
    deepEqual(diff.getDiffsList(), ["command", "running"]);
    deepEqual(diff.getReplacesList(), ["command"]);
    equal(diff.getDeletebeforereplace(), true);
    const detailed: unknown[] = [];
    diff.getDetaileddiffMap().forEach((d, path) => {
      detailed.push([path, d.getKind(), d.getInputdiff()]);
    });
    deepEqual(detailed, [
      ["command[1]", rpc.PropertyDiff.Kind.UPDATE_REPLACE, true],
      ["running", rpc.PropertyDiff.Kind.UPDATE, false],
    ]);
  });

  it("fails in one line for what it does not have", async () => {
    const failure = await failureOf(check(plugin, "mesos:local:Proces", {}));
    equal(failure.code, status.INVALID_ARGUMENT);
    match(
      failure.details,
      /^unknown resource type mesos:local:Proces in pulumi-resource-mesos .*; did you mean mesos:local:Process\?$/,
    );
    const invoke = new rpc.InvokeRequest().setTok("mesos:index:getEnsembel");
    match(
      (await failureOf(call((done) => plugin.client.invoke(invoke, done)))).details,
      /did you mean mesos:index:getEnsemble\?/,
    );
  });

  it("invokes functions, refuses wrong arguments, and knows nothing of unknown ones", async () => {
    const invoke = (args: Record<string, unknown>) =>
      call<rpc.InvokeResponse>((done) =>
        plugin.client.invoke(
          new rpc.InvokeRequest().setTok("mesos:index:getEnsemble").setArgs(struct(args)),
          done,
        ),
      );
    const answer = await invoke({ kind: "zookeeper", members: [member(1)] });
    deepEqual(bagOf(answer.getReturn())["order"], []);
    equal((await invoke({ kind: "zookeepr", members: [] })).getFailuresList()[0]?.getProperty(), "kind");
    deepEqual((await invoke({ kind: "zookeeper", members: unknownString })).getReturn()?.toJavaScript(), {
      members: unknownString,
      order: unknownString,
    });
  });

  it("ends a hanging create on Cancel, and everything that comes later", async () => {
    const result = failureOf(create(hanging));
    await until(() => plugin.lines.length > 0);
    await call((done) => plugin.client.cancel(new Empty(), done));
    equal((await result).code, status.ABORTED);
    equal((await failureOf(create(hanging))).code, status.ABORTED);
  });

  it("ends a create when its time is over, in the resource's own words", async () => {
    const failure = await failureOf(create(hanging, { timeout: 1 }));
    equal(failure.code, status.DEADLINE_EXCEEDED);
    match(
      failure.details,
      /the whole zookeeper ensemble is not ready after 1 s: m-1 is down \(.*\), m-2 is down/,
    );
  });

  it("shows progress beside the resource", async () => {
    await failureOf(create(hanging, { timeout: 1 }));
    match(plugin.lines[0]?.message ?? "", /^waiting: m-1 is down/);
    deepEqual([plugin.lines[0]?.urn, plugin.lines[0]?.ephemeral], [urnOf(ready), true]);
  });

  it("checks, compares and takes its configuration", async () => {
    const urls = '["http://10.0.0.1:8080"]';
    const checked = await call<rpc.CheckResponse>((done) =>
      plugin.client.checkConfig(
        new rpc.CheckRequest().setNews(struct({ marathonUrls: urls, version: "0.1.0", foo: 1 })),
        done,
      ),
    );
    // With a property the engine would print its value, and no secret is marked as one here.
    deepEqual(
      checked.getFailuresList().map((f) => [f.getProperty(), f.getReason().slice(0, 5)]),
      [["", "foo: "]],
    );
    const diff = await call<rpc.DiffResponse>((done) =>
      plugin.client.diffConfig(
        new rpc.DiffRequest()
          .setOldInputs(struct({ version: "0.0.1" }))
          .setNews(struct({ marathonUrls: urls, version: "0.1.0" })),
        done,
      ),
    );
    deepEqual([diff.getChanges(), diff.getReplacesList(), diff.getDiffsList()], [2, [], ["marathonUrls"]]);
    const configure = (args: Record<string, unknown>) =>
      call((done) => plugin.client.configure(new rpc.ConfigureRequest().setArgs(struct(args)), done));
    await configure({ marathonUrls: urls, marathonUser: "u", marathonPassword: secret("p") });
    equal((await failureOf(configure({ marathonUrls: 1 }))).code, status.INVALID_ARGUMENT);
  });
});
