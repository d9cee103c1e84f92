// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { resourceTokens } from "@pulumi-mesos/model";
import { repository } from "./support/repository";
import { TestStack } from "./support/test-stack";
import { everyType, recorded } from "./upgrade/program";
import { local } from "./upgrade/recorded-state";

interface Recorded {
  readonly deployment: { readonly resources: readonly { readonly type: string; readonly id: string }[] };
}
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly diffReasons?: readonly string[];
}

const directory = path.join(repository, "test/upgrade");
const files = readdirSync(directory).filter((file) => file.endsWith(".json"));
const text = (file: string): string => readFileSync(path.join(directory, file), "utf8");
const resourcesIn = (file: string) => (JSON.parse(text(file)) as Recorded).deployment.resources;

/** How a program is started; the gate before its node goes with it. What it is called and keeps may never change. */
const started = ["command", "env", "files", "ready", "stop", "running"];

/** Whether this is a member whose program starts otherwise in this version, so that it is rolled as by any change. */
function rolls(op: string, type: string, reasons: readonly string[]): boolean {
  if (!["replace", "create-replacement", "delete-replaced"].includes(op)) return false;
  if (type === resourceTokens.leave) return true;
  return type === resourceTokens.process && reasons.every((reason) => started.includes(reason));
}

/** States that earlier versions left, under the code of today; nothing of their clusters runs. */
describe("a state that was recorded", function () {
  this.timeout(300_000);

  it("is there for every resource of the plugin (else: test/src/upgrade/record.ts)", () => {
    const found = new Set(files.flatMap(resourcesIn).map(({ type }) => type));
    assert.deepEqual(
      Object.values(resourceTokens).filter((token) => !found.has(token)),
      [],
    );
  });

  for (const file of files) {
    it(`${file} names nothing of the machine where it was made`, () => {
      assert.doesNotMatch(text(file), /"(\/(home|root|Users|tmp|usr|opt|var)\/|[A-Z]:\\\\)/);
    });

    it(`${file} is taken over: nothing changes in Marathon, and nothing else is replaced but programs that start otherwise now`, async () => {
      const stack = await TestStack.create({ program: { source: everyType }, ...recorded });
      try {
        const state = path.join(stack.directory, "state.json");
        writeFileSync(state, local(text(file), stack.directory));
        await stack.ok("stack", "import", "--file", state);
        // A volume whose directory is gone would be made anew.
        for (const { type, id } of resourcesIn(file)) {
          if (type === resourceTokens.volume)
            mkdirSync(path.join(stack.state, "volumes", id), { recursive: true });
        }
        const { steps } = JSON.parse(await stack.ok("preview", "--json", "--show-sames")) as {
          steps: readonly Step[];
        };
        const planned = steps.map(({ op, urn, diffReasons: reasons = [] }) => ({
          op,
          reasons,
          type: urn.split("::")[2]?.split("$").at(-1) ?? "",
          line: `${op} ${urn} ${reasons}`,
        }));
        const marathon = planned.filter(({ type }) => type.startsWith("mesos:marathon:"));
        assert.ok(marathon.length > 0, "Marathon's resources are previewed");
        // A release is read before it is compared; that changes nothing.
        assert.deepEqual(
          marathon.filter(({ op }) => !["same", "refresh"].includes(op)).map(({ line }) => line),
          [],
        );
        // A process that is down is started again, which is an update of it.
        const allowed = ["same", "update", "refresh", "read"];
        assert.deepEqual(
          planned
            .filter(({ op, type, reasons }) => !allowed.includes(op) && !rolls(op, type, reasons))
            .map(({ line }) => line),
          [],
        );
      } finally {
        await stack.close();
      }
    });
  }
});
