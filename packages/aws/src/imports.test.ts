// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

describe("what the package imports", () => {
  it("is single services of @pulumi/aws, never the whole, which takes a program longer to load than all else", function () {
    // A bound against hanging: another process loads it.
    this.timeout(60_000);
    const list = "process.stdout.write(JSON.stringify(Object.keys(require.cache)))";
    const load = `require(${JSON.stringify(require.resolve("./index"))}); ${list}`;
    const loaded = JSON.parse(execFileSync(process.execPath, ["-e", load], { encoding: "utf8" })) as string[];
    const services = loaded.flatMap((file) => /@pulumi\/aws\/(\w+)\/index\.js$/.exec(file)?.[1] ?? []);
    assert.ok(services.includes("ec2") && services.length < 20, services.join());
    assert.deepEqual(
      loaded.filter((file) => file.endsWith("/@pulumi/aws/index.js")),
      [],
    );
  });
});
