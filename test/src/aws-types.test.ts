// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Carrier } from "./aws-plugin/carrier";
import { asDeclared } from "./aws-plugin/normal";
import { type AnyType, type Bag, unasked, uncarried } from "./aws-plugin/resource-type";
import { resourceTypes } from "./aws-plugin/types";
import { functions } from "./aws-plugin/types/functions";
import { declared, type Ids, mayDo } from "./support/aws-declared";
import { inventory } from "./support/aws-inventory";
import { Moto } from "./support/moto";

const region = "eu-central-1";
/** Changes of what `AwsPlatform` changes without making another. */
const changes: Readonly<Record<string, (ids: Ids) => Bag>> = {
  policy: () => ({ policy: mayDo("ec2:DescribeVpcs") }),
  secret: () => ({ value: "YW5vdGhlcg==" }),
  alarm: () => ({ dimensions: { InstanceId: "i-0123456789abcdef0" } }),
  template: () => ({ imageId: "ami-03cf127a" }),
};

function entryOf(type: string): AnyType {
  const entry = resourceTypes[`aws:${type}`];
  assert.ok(entry, type);
  return entry;
}

describe("the plugin aws of the tests", function () {
  // A bound against hanging.
  this.timeout(300_000);
  let moto: Moto | undefined;
  const env = { ...process.env };

  before(async function () {
    const server = process.env["TEST_MOTO_SERVER"];
    if (server === undefined) {
      const why = process.env["TEST_MOTO_MISSING"] ?? "only npm test starts moto";
      for (const test of this.test?.parent?.tests ?? [])
        if (test.title.includes("moto")) test.title += ` (not on this machine: ${why})`;
      return;
    }
    moto = await Moto.start(server);
    Object.assign(process.env, moto.env);
  });
  after(async () => {
    process.env = env;
    await moto?.close();
  });

  it("carries each type to moto: made, seen as declared, changed, ended, until moto holds nothing of it", async () => {
    if (moto === undefined) return;
    const empty = await inventory(moto.endpoint, region);
    const carrier = new Carrier(region);
    const ids: Record<string, string> = {};
    const made: { key: string; entry: AnyType; id: string; inputs: Bag; computed: Bag }[] = [];
    for (const [key, type, inputsOf] of declared) {
      const [entry, inputs] = [entryOf(type), inputsOf(ids)];
      assert.deepEqual(uncarried(entry, inputs), [], type);
      const { id, computed } = await carrier.create(entry, inputs);
      ids[key] = id;
      made.push({ key, entry, id, inputs, computed });
    }
    assert.equal(made.length, Object.keys(resourceTypes).length, "one of each");
    for (const one of made) {
      const { entry, id, inputs, computed } = one;
      assert.deepEqual((await carrier.look(entry, id, { ...computed, ...inputs }))?.inputs, {
        ...computed,
        ...inputs,
      });
      const change = changes[one.key]?.(ids);
      if (change === undefined) continue;
      one.inputs = { ...inputs, ...change };
      one.computed = await carrier.change(entry, id, one.inputs, computed);
      const now = await carrier.look(entry, id, { ...one.computed, ...one.inputs });
      assert.deepEqual(now?.inputs, { ...one.computed, ...one.inputs }, one.key);
    }
    for (const { entry, id, inputs, computed } of made.reverse())
      await carrier.remove(entry, id, { ...computed, ...inputs });
    assert.deepEqual(await inventory(moto.endpoint, region), empty);
  });

  it("answers what moto knows of an image, and fails for one that it does not know", async () => {
    if (moto === undefined) return;
    const getAmi = functions["aws:ec2/getAmi:getAmi"] ?? assert.fail();
    const carrier = new Carrier(region);
    const of = (id: string): Bag => ({
      filters: [{ name: "image-id", values: [id] }],
      includeDeprecated: true,
    });
    const { architecture } = await carrier.ask(getAmi, of("ami-0e9271c829888680e"));
    assert.equal(architecture, "arm64");
    await assert.rejects(carrier.ask(getAmi, of("ami-0123456789abcdef0")), /returned no results/);
    assert.deepEqual(unasked(getAmi, { ...of("ami-1"), mostRecent: true }), [".mostRecent"]);
  });

  it("fails for every property that it does not carry, however deep it lies", () => {
    const volume = { availabilityZone: "eu-central-1a", size: 8, tags: { Name: "a" }, iops: 3000 };
    assert.deepEqual(uncarried(entryOf("ebs/volume:Volume"), volume), [".iops"]);
    const metadataOptions = { httpTokens: "required", instanceMetadataTags: "enabled" };
    const instance = { ami: "ami-1", metadataOptions, userDataReplaceOnChange: true };
    assert.deepEqual(uncarried(entryOf("ec2/instance:Instance"), instance), [
      ".metadataOptions.instanceMetadataTags",
    ]);
  });

  it("takes what AWS has in another order or writing for what is declared, and nothing else", () => {
    assert.deepEqual(asDeclared({ ids: ["a", "b"], port: "80" }, { ids: ["b", "a"], port: 80, more: 1 }), {
      ids: ["a", "b"],
      port: "80",
    });
    assert.deepEqual(asDeclared(["a", "b"], ["a", "c"]), ["a", "c"]);
    assert.deepEqual(asDeclared({ tags: { a: "1" } }, { tags: { a: "1", b: "2" } }), {
      tags: { a: "1", b: "2" },
    });
  });
});
