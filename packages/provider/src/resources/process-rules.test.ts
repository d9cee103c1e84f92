// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { CheckRequest } from "../resource";
import { processFailures } from "./process-rules";

function failures(inputs: Record<string, unknown>, platform: NodeJS.Platform, secret = ""): string[] {
  const request = { inputs, isSecret: (path: string) => path === secret } as unknown as CheckRequest;
  return processFailures(request, platform).map((f) => `${f.path}: ${f.message}`);
}

describe("the rules of mesos:local:Process", () => {
  it("fails when the machine is not Linux, naming the platform that works there", () => {
    assert.deepEqual(failures({ command: ["true"] }, "linux"), []);
    assert.match(failures({ command: ["true"] }, "darwin").join(), /needs Linux.*darwin.*DockerPlatform/);
  });

  it("fails when a secret stands among the arguments, which every user can read", () => {
    assert.match(
      failures({ command: ["login", "x"] }, "linux", "command").join(),
      /command: must hold no secret/,
    );
  });

  it("fails when a probe is none or two, or no regular expression", () => {
    assert.match(failures({ ready: {} }, "linux").join(), /exactly one of .*got none/);
    assert.match(failures({ ready: { tcp: "h:1", http: "http://h" } }, "linux").join(), /got http and tcp/);
    assert.match(failures({ ready: { logLine: "(" } }, "linux").join(), /regular expression/);
  });

  it("fails when a file is given twice", () => {
    const files = [{ path: "a" }, { path: "b" }, { path: "a" }];
    assert.deepEqual(failures({ files }, "linux"), ["files[2].path: a is given twice"]);
  });
});
