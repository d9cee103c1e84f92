// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { functionTokens, resourceTokens } from "@pulumi-mesos/model";
import { functions, resources } from "./dispatch";
import { packageSchema } from "./schema";

type Schema = Record<"resources" | "functions" | "types", Record<string, Record<string, unknown>>>;

describe("the package schema", () => {
  it("is what schema.json says (else: npm run schema in packages/provider)", async () => {
    const text = await readFile(join(__dirname, "../schema.json"), "utf8");
    deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(await packageSchema())));
  });

  it("has every resource and function of the plugin, and the plugin every token", async () => {
    const schema = (await packageSchema()) as Schema;
    deepEqual(Object.keys(schema.resources).sort(), Object.keys(resources).sort());
    deepEqual(Object.keys(schema.functions).sort(), Object.keys(functions).sort());
    deepEqual(Object.keys(functions).sort(), Object.values(functionTokens).sort());
    for (const token of Object.keys(resources)) {
      equal((Object.values(resourceTokens) as string[]).includes(token), true);
    }
  });

  it("refers to no type that is not there", async () => {
    const schema = (await packageSchema()) as Schema;
    const references = [...JSON.stringify(schema).matchAll(/"#\/types\/([^"]+)"/g)].map(
      ([, token]) => token ?? "",
    );
    deepEqual(
      references.filter((token) => !(token in schema.types)),
      [],
    );
  });
});
