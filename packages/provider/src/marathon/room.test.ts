// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { StatusError } from "@pulumi-mesos/client";
import type { DeploymentWatch } from "./deployment-watch";
import { writeUnlocked } from "./locked-write";
import { Room } from "./room";

const never = new AbortController().signal;

/** Everything that runs now. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function tooMany(): StatusError {
  const body = '{"message":"Max number (1) of running deployments is achieved."}';
  return new StatusError({ method: "POST", url: "http://m/v2/apps", status: 403, body });
}

describe("room for deployments", () => {
  it("lets one try again for each deployment that ended, in the order in which they came", async () => {
    const room = new Room(60_000);
    const called: string[] = [];
    for (const name of ["a", "b", "c"]) void room.wait(never).then(() => called.push(name));
    await settled();
    assert.deepEqual(called, []);
    room.freed();
    await settled();
    assert.deepEqual(called, ["a"]);
    room.freed();
    room.freed();
    await settled();
    assert.deepEqual(called, ["a", "b", "c"]);
    assert.equal(room.isShort, false);
  });

  it("lets all try again when no end is heard of", async () => {
    const room = new Room(5);
    await Promise.all([room.wait(never), room.wait(never)]);
    assert.equal(room.isShort, false);
  });

  it("gives the turn of one that stopped waiting to the next", async () => {
    const room = new Room(60_000);
    const stop = new AbortController();
    const first = assert.rejects(room.wait(stop.signal), /enough/);
    const second = room.wait(never);
    stop.abort(new Error("enough"));
    await first;
    room.freed();
    await second;
  });

  it("makes a write wait behind those that Marathon refused, which all come to their turn", async () => {
    const room = new Room(60_000);
    const lines: string[] = [];
    const written: string[] = [];
    const refused: string[] = [];
    let running = 1;
    const write = (name: string) =>
      writeUnlocked(
        { room } as DeploymentWatch,
        `/${name}`,
        { signal: never, progress: (l) => lines.push(l) },
        async () => {
          if (running > 0) {
            refused.push(name);
            throw tooMany();
          }
          running += 1;
          written.push(name);
        },
      );
    const all = [write("a")];
    await settled();
    all.push(write("b"));
    await settled();
    for (let i = 0; i < 2; i++) {
      running -= 1;
      room.freed();
      await settled();
    }
    await Promise.all(all);
    assert.deepEqual(written, ["a", "b"]);
    assert.deepEqual(refused, ["a"]);
    assert.deepEqual(new Set(lines), new Set(["waiting, Marathon runs as many deployments as it may"]));
  });
});
