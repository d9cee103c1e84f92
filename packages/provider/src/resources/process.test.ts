// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { allEnded, isAlive, until } from "../alive.test.support";
import {
  bagOf,
  call,
  failureOf,
  secret,
  startPlugin,
  struct,
  type TestPlugin,
  urnOf,
} from "../plugin.test.support";

const urn = urnOf("mesos:local:Process");
const spec = { name: "p", command: ["sleep", "600"], env: { TOKEN: secret("hush") } };
type State = Record<string, unknown> & { running: boolean; incarnation: string };

describe("mesos:local:Process and Volume", function () {
  this.timeout(60_000);
  let plugin: TestPlugin;
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "provider-"));
    plugin = await startPlugin({ XDG_STATE_HOME: home, PATH: process.env["PATH"] });
  });
  afterEach(async () => {
    await remove("p");
    await plugin.close();
    await rm(home, { recursive: true });
  });

  const create = async (properties: Record<string, unknown>, timeout = 0): Promise<State> => {
    const request = new rpc.CreateRequest().setUrn(urn).setProperties(struct(properties)).setTimeout(timeout);
    return stateOf(await call<rpc.CreateResponse>((done) => plugin.client.create(request, done)));
  };
  const read = (state: State, inputs: Record<string, unknown> = spec) =>
    call<rpc.ReadResponse>((done) =>
      plugin.client.read(
        new rpc.ReadRequest().setUrn(urn).setId("p").setProperties(struct(state)).setInputs(struct(inputs)),
        done,
      ),
    );
  const update = async (
    state: State,
    news: Record<string, unknown> = spec,
    olds: Record<string, unknown> = spec,
  ): Promise<State> => {
    const request = new rpc.UpdateRequest()
      .setUrn(urn)
      .setId("p")
      .setOlds(struct(state))
      .setOldInputs(struct(olds));
    return stateOf(
      await call<rpc.UpdateResponse>((done) => plugin.client.update(request.setNews(struct(news)), done)),
    );
  };
  const diff = (
    state: State,
    news: Record<string, unknown>,
    olds: Record<string, unknown>,
  ): Promise<rpc.DiffResponse> =>
    call((done) =>
      plugin.client.diff(
        new rpc.DiffRequest()
          .setUrn(urn)
          .setId("p")
          .setOlds(struct(state))
          .setOldInputs(struct(olds))
          .setNews(struct(news)),
        done,
      ),
    );
  const remove = (id: string, type = "mesos:local:Process") =>
    call((done) => plugin.client.delete(new rpc.DeleteRequest().setUrn(urnOf(type)).setId(id), done));
  /** The pids on record; a child that ended and was not started again yet is not on it. */
  const pidsOnRecord = async (): Promise<{ supervisor: number; child: number | undefined }> => {
    const text = await readFile(join(home, "pulumi-mesos/p82/dev/processes/p/record.json"), "utf8");
    const record = JSON.parse(text) as { supervisor: { pid: number }; child?: { pid: number } };
    return { supervisor: record.supervisor.pid, child: record.child?.pid };
  };
  const pids = async (): Promise<{ supervisor: number; child: number }> => {
    const { supervisor, child } = await pidsOnRecord();
    ok(child !== undefined, "the process is not running");
    return { supervisor, child };
  };

  it("keeps secrets, and nothing that a restart changes, in the state", async () => {
    const state = await create(spec);
    deepEqual(Object.keys(state).sort(), [
      "command",
      "directory",
      "env",
      "incarnation",
      "logFile",
      "name",
      "running",
    ]);
    deepEqual([state["env"], state.running], [spec.env, true]);
    const { child } = await pids();
    process.kill(child, "SIGKILL");
    // Until it has been started again it is down, as a refresh says then.
    await until(async () => ![child, undefined].includes((await pidsOnRecord()).child));
    let refreshed = await read(state);
    await until(async () => {
      refreshed = await read(state);
      return refreshed.getProperties()?.toJavaScript()["running"] === true;
    });
    deepEqual(refreshed.getProperties()?.toJavaScript(), state);
    deepEqual(refreshed.getInputs()?.toJavaScript(), spec);
  });

  it("adopts what a create left whose answer was lost", async () => {
    const first = await create(spec);
    const before = await pids();
    deepEqual(await create(spec), first);
    deepEqual(await pids(), before);
  });

  it("repairs a dead process in place, with its incarnation", async () => {
    const state = await create(spec);
    const { supervisor, child } = await pids();
    process.kill(supervisor, "SIGKILL");
    process.kill(child, "SIGKILL");
    await allEnded([supervisor, child]);
    const dead = await read(state);
    equal(dead.getId(), "p");
    deepEqual(dead.getProperties()?.toJavaScript(), { ...state, running: false });
    deepEqual(await update({ ...state, running: false }), state);
    equal((await pids()).child === child, false);
  });

  it("writes live files anew in place, and replaces the process for any other file", async () => {
    const withFile = (path: string, content: string, live = true) => ({
      ...spec,
      files: [
        { path: "fixed", content: "1" },
        { path, content: secret(content), live },
      ],
    });
    const [olds, news] = [withFile("a.pem", "one"), withFile("b.pem", "two")];
    const state = await create(olds);
    const { child } = await pids();
    const change = await diff(state, news, olds);
    deepEqual([change.getReplacesList(), change.getDiffsList()], [[], ["files"]]);
    const after = await update(state, news, olds);
    deepEqual([after.incarnation, (await pids()).child], [state.incarnation, child]);
    equal(await readFile(join(String(state["directory"]), "conf/b.pem"), "utf8"), "two");
    equal((await diff(after, news, news)).getChanges(), rpc.DiffResponse.DiffChanges.DIFF_NONE);
    const replaced = await diff(state, withFile("a.pem", "one", false), olds);
    ok(replaced.getReplacesList().length > 0);
  });

  it("keeps what was started but did not become ready, with the log's last lines as the reason", async () => {
    const failing = {
      ...spec,
      command: ["sh", "-c", "echo out of luck; exec sleep 600"],
      ready: { logLine: "luck has come", timeoutSeconds: 1 },
    };
    const { metadata } = await failureOf(create(failing, 60));
    const bytes = metadata.get("grpc-status-details-bin")[0] as Buffer;
    const detail = Status.deserializeBinary(bytes).getDetailsList()[0];
    equal(detail?.getTypeName(), "pulumirpc.ErrorResourceInitFailed");
    const failed = rpc.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
    equal(failed.getId(), "p");
    equal(failed.getRefreshBeforeUpdate(), true);
    deepEqual(failed.getInputs()?.toJavaScript(), failing);
    deepEqual(bagOf(failed.getProperties())["env"], spec.env);
    equal(failed.getReasonsList().join().includes("hush"), false);
    equal(failed.getReasonsList().length, 1);
  });

  it("leaves nothing of a start that could not begin", async () => {
    const failure = await failureOf(create({ ...spec, command: ["no-such-program-82"] }));
    match(failure.details, /no-such-program-82/);
    equal(failure.code, 9);
    deepEqual(failure.metadata.get("grpc-status-details-bin"), []);
  });

  it("is imported by its name", async () => {
    const state = await create(spec);
    const request = new rpc.ReadRequest().setUrn(urn).setId("p");
    const found = await call<rpc.ReadResponse>((done) => plugin.client.read(request, done));
    deepEqual(found.getInputs()?.toJavaScript(), { name: "p" });
    equal(bagOf(found.getProperties())["incarnation"], state.incarnation);
    const diff = new rpc.DiffRequest().setUrn(urn).setId("p").setNews(struct(spec));
    diff.setOldInputs(found.getInputs()).setOlds(found.getProperties());
    equal((await call<rpc.DiffResponse>((done) => plugin.client.diff(diff, done))).getChanges(), 1);
    const nobody = new rpc.ReadRequest().setUrn(urn).setId("nobody");
    equal((await call<rpc.ReadResponse>((done) => plugin.client.read(nobody, done))).getId(), "");
  });

  it("removes what it made, twice if need be", async () => {
    await create(spec);
    const { child } = await pids();
    await remove("p");
    await remove("p");
    equal(isAlive(child), false);
  });

  it("keeps a volume until it is deleted, and sees when it is gone", async () => {
    const volumeUrn = urnOf("mesos:local:Volume");
    const properties = struct({ name: "v" });
    const made = new rpc.CreateRequest().setUrn(volumeUrn).setProperties(properties);
    equal((await call<rpc.CreateResponse>((done) => plugin.client.create(made, done))).getId(), "v");
    const look = new rpc.ReadRequest()
      .setUrn(volumeUrn)
      .setId("v")
      .setProperties(properties)
      .setInputs(properties);
    equal((await call<rpc.ReadResponse>((done) => plugin.client.read(look, done))).getId(), "v");
    await remove("v", "mesos:local:Volume");
    equal((await call<rpc.ReadResponse>((done) => plugin.client.read(look, done))).getId(), "");
  });
});

function stateOf(response: rpc.CreateResponse | rpc.UpdateResponse): State {
  return bagOf(response.getProperties()) as State;
}
