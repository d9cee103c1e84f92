// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { computed, resourceTokens } from "@pulumi-mesos/model";
import { parseUrn } from "../urn";
import { FakeBamboo } from "./bamboo.test.support";
import { bambooService } from "./bamboo-service";
import { type TestContext, testContext } from "./context.test.support";

const inputs = { appId: "shop/web", acl: "path_beg /shop" };
const urn = parseUrn(`urn:pulumi:stack::project::${resourceTokens.bambooService}::web`);

describe("mesos:bamboo:Service", function () {
  this.timeout(60_000);
  let bamboo: FakeBamboo;

  beforeEach(async () => {
    bamboo = await FakeBamboo.start();
  });
  afterEach(() => bamboo.close());

  function context(at = bamboo.url): TestContext {
    return testContext(resourceTokens.bambooService, { config: { bambooUrls: [at] } });
  }

  it("makes a rule, reads it as it was written, changes it, deletes it", async () => {
    const { id } = await bambooService.create(inputs, context());
    assert.equal(id, "/shop/web");
    const known = { inputs, state: inputs };
    assert.equal((await bambooService.read({ id, known }, context()))?.inputs, inputs);
    await bambooService.update(id, inputs, { ...inputs, config: { A: "b" } }, context());
    assert.deepEqual(bamboo.rules.get(id)?.Config, { A: "b", Acl: "path_beg /shop" });
    assert.deepEqual((await bambooService.read({ id, known }, context()))?.inputs, {
      ...inputs,
      config: { A: "b" },
    });
    await bambooService.delete(id, inputs, context());
    await bambooService.delete(id, inputs, context());
    assert.equal(await bambooService.read({ id, known }, context()), undefined);
  });

  it("is written once where two edges share their rules, and by the other one when the first is gone", async () => {
    const twin = await FakeBamboo.start(bamboo.rules);
    const both = (...bambooUrls: string[]) =>
      testContext(resourceTokens.bambooService, { config: { bambooUrls } });
    try {
      const { id } = await bambooService.create(inputs, both(bamboo.url, twin.url));
      assert.equal(bamboo.writes + twin.writes, 1);
      const news = { ...inputs, acl: "path /" };
      await bambooService.update(id, inputs, news, both("http://127.83.3.9:8000", twin.url));
      assert.equal(bamboo.writes + twin.writes, 2);
      assert.equal(bamboo.rules.get(id)?.Acl, "path /");
    } finally {
      await twin.close();
    }
  });

  it("adopts an equal rule without writing, and fails over another one", async () => {
    await bambooService.create(inputs, context());
    await bambooService.create(inputs, context());
    assert.equal(bamboo.writes, 1);
    const other = bambooService.create({ ...inputs, acl: "path /" }, context());
    await assert.rejects(other, /`pulumi import mesos:bamboo:Service web \/shop\/web`/);
  });

  it("fails over weights at a real Bamboo, which heeds none, and writes nothing", async () => {
    bamboo.traffic = undefined;
    const { id } = await bambooService.create(inputs, context());
    const news = { ...inputs, weights: { "/shop/web": 1 } };
    for (const write of [
      () => bambooService.create({ ...news, appId: "/other" }, context()),
      () => bambooService.update(id, inputs, news, context()),
    ]) {
      await assert.rejects(write(), { code: "MESOS_RULE_WEIGHTS", message: /^weights: a Bamboo heeds none/ });
    }
    assert.equal(bamboo.writes, 1);
  });

  it("brings the provider's token, and fails without or with another one by the setting's name", async () => {
    const token = "hush-token";
    bamboo.token = token;
    const holding = (bambooConnection: object): TestContext =>
      testContext(resourceTokens.bambooService, { config: { bambooUrls: [bamboo.url], bambooConnection } });
    const { id } = await bambooService.create(inputs, holding({ token }));
    await bambooService.update(id, inputs, { ...inputs, acl: "path /" }, holding({ token }));
    assert.equal(bamboo.rules.get(id)?.Acl, "path /");
    for (const around of [context(), holding({ token: "hush-other" })]) {
      for (const call of [
        () => bambooService.create(inputs, around),
        () => bambooService.update(id, inputs, inputs, around),
        () => bambooService.read({ id, known: undefined }, around),
        () => bambooService.delete(id, inputs, around),
      ]) {
        await assert.rejects(call(), (error: Error) => {
          assert.match(error.message, /answered 401.*bambooToken/);
          assert.doesNotMatch(error.message, /\n|hush/);
          return true;
        });
      }
      assert.deepEqual([...around.lines, ...around.warnings], []);
    }
    await bambooService.delete(id, inputs, holding({ token }));
    assert.equal(bamboo.rules.size, 0);
  });

  it("keeps weights beside the ACL, reads them in any spelling and imports them", async () => {
    const weights = { "shop/green": 10, "/shop/blue": 90 };
    const shared = { ...inputs, weights };
    const { id } = await bambooService.create(shared, context());
    const Weights = "/shop/blue=90 /shop/green=10";
    assert.deepEqual(bamboo.rules.get(id)?.Config, { Weights, Acl: inputs.acl });
    await bambooService.create({ ...inputs, weights: { "/shop/green": 10, "/shop/blue": 90 } }, context());
    assert.equal(bamboo.writes, 1);
    const known = { inputs: shared, state: shared };
    assert.equal((await bambooService.read({ id, known }, context()))?.inputs, shared);
    const put = (text: string) =>
      bamboo.rules.set(id, { Id: id, Acl: inputs.acl, Config: { Acl: inputs.acl, Weights: text } });
    put(" /shop/green=10 shop/blue=90");
    assert.equal((await bambooService.read({ id, known }, context()))?.inputs, shared);
    put("/shop/green=100");
    const drifted = (await bambooService.read({ id, known }, context()))?.inputs;
    assert.deepEqual(drifted, { ...inputs, weights: { "/shop/green": 100 } });
    put("nonsense");
    const imported = await bambooService.read({ id, known: undefined }, context());
    assert.deepEqual(imported?.inputs, { ...inputs, appId: id, config: { Weights: "nonsense" } });
    await bambooService.update(id, shared, inputs, context());
    assert.deepEqual(bamboo.rules.get(id)?.Config, { Acl: inputs.acl });
  });

  it("imports a rule by its app's id", async () => {
    await bambooService.create({ ...inputs, config: { A: "b" } }, context());
    const found = await bambooService.read({ id: "/shop/web", known: undefined }, context());
    assert.deepEqual(found?.inputs, { appId: "/shop/web", acl: "path_beg /shop", config: { A: "b" } });
  });

  it("fails to delete when no edge listens, because that may be a short outage", async () => {
    const around = context("http://127.83.3.9:8000");
    await assert.rejects(bambooService.delete("/shop/web", inputs, around), /the rule stays in the state/);
  });

  it("deletes with a warning when no edge of the stack's own cluster listens", async () => {
    const elsewhere = context("http://127.83.3.9:8000");
    const around = { ...elsewhere, config: { ...elsewhere.config, clusterInStack: true } };
    await bambooService.delete("/shop/web", inputs, around);
    assert.match(around.warnings[0] ?? "", /no edge listens any more/);
    await assert.rejects(bambooService.read({ id: "/shop/web", known: undefined }, around));
  });

  it("refuses an acl of two lines, an empty one, and one that says another thing in config", () => {
    const check = (values: object) =>
      bambooService.check?.({
        urn,
        inputs: { ...inputs, ...values },
        oldInputs: undefined,
        isSecret: () => false,
      }).failures;
    assert.deepEqual(check({}), []);
    assert.deepEqual(check({ acl: computed }), []);
    const [{ path, message } = { path: "", message: "" }] = check({ acl: "path /\nuse_backend x" }) ?? [];
    assert.equal(path, "acl");
    assert.match(message, /^must be one line, .*, got "path \/\\nuse_backend x"$/);
    assert.equal(check({ acl: " " })?.length, 1);
    assert.equal(check({ config: { Acl: "path /" } })?.[0]?.path, "config.Acl");
    assert.equal(check({ config: { Weights: "/a=1" } })?.[0]?.path, "config.Weights");
    assert.equal(check({ weights: { "/a": 0, "/b": 0 } })?.[0]?.path, "weights");
    assert.deepEqual(check({ weights: { "/a": 0, "/b": computed } }), []);
    assert.deepEqual(check({ weights: { "/a": 0, "/b": 1 } }), []);
  });

  it("takes an id with and without its slash for the same, and replaces for another app", () => {
    const diff = (news: object) =>
      bambooService.diff({
        id: "/shop/web",
        urn,
        oldInputs: inputs,
        state: inputs,
        inputs: { ...inputs, ...news },
      }).differences;
    assert.deepEqual(diff({ appId: "/shop/web" }), []);
    assert.deepEqual(diff({ appId: "/x" })[0]?.replace, true);
    assert.deepEqual(diff({ acl: "path /" })[0]?.replace, false);
    assert.deepEqual(diff({ weights: { "/a": 1 } })[0]?.path, "weights");
  });
});
