// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { probeEnsemble, ZooKeeper } from "@pulumi-mesos/client";
import { type Address, type MemberAddress, type MemberStatus, messageOf } from "@pulumi-mesos/model";
import { eventually, hangMs } from "./eventually";
import { TestStack, type TestStackOptions } from "./test-stack";

/** A platform with what the contract needs to know of the place where it makes nodes. */
export interface PlatformUnderTest {
  /** The JavaScript expression that makes it. */
  readonly expression: string;
  readonly stack: Omit<TestStackOptions, "program">;
  /** Kills a node's program where dockerd or a supervisor starts it again. */
  kill(stack: TestStack, node: string): Promise<unknown>;
  /** Ends a node so that nobody but `up` starts it again. */
  killForGood(stack: TestStack, node: string): Promise<unknown>;
  /** Names of all that the stack has made outside of the engine's state: programs, data, networks. */
  left(stack: TestStack): Promise<string[]>;
}

const program = (platform: string): string => `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const platform = ${platform};
const tickTimeMs = config.getNumber("tickTimeMs") ?? 1000;
const zookeeper = new mesos.ZooKeeper("zk", { platform, size: 3, tickTimeMs });
exports.addresses = zookeeper.addresses;
exports.connection = zookeeper.connectionString;
exports.five = platform.addresses("zk", 5);
exports.others = ["a", "b", "c"].flatMap((name) => platform.addresses(name, 5));
exports.url = platform.endpoint("other", { addresses: zookeeper.addresses, port: 2181 }, {});
`;

interface Outputs {
  readonly addresses: readonly Address[];
  readonly connection: string;
  readonly five: readonly Address[];
  readonly others: readonly Address[];
  readonly url: string;
}

/**
 * Why a member's port takes no connection; undefined when it does.
 *
 * Whether a member answers would say less: those that stay close every connection while they elect another leader.
 */
async function refusal({ name, host, port }: MemberAddress): Promise<string | undefined> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(connectMs) });
    return undefined;
  } catch (error) {
    return `${name}: ${messageOf(error)}`;
  } finally {
    // What a reset says after the connection stood is of no interest, and must not go unheard.
    socket.on("error", () => undefined).destroy();
  }
}

const pollMs = 50;
const connectMs = 2_000;
const never = new AbortController().signal;
const node = "/kept";

/** What constructs rely on, whichever platform they run on. `given` answers undefined where the tests cannot run. */
export function platformContract(given: () => PlatformUnderTest | undefined): void {
  let platform: PlatformUnderTest;
  let stack: TestStack;
  let outputs: Outputs;

  function members(): MemberAddress[] {
    return outputs.addresses.map(({ name, host }) => ({ name, host, port: 2181 }));
  }

  const look = (): Promise<MemberStatus[]> => probeEnsemble("zookeeper", members(), never);

  async function whole(): Promise<void> {
    const states = await look();
    assert.deepEqual(
      states.filter((state) => !state.joined).map(({ name, detail }) => `${name}: ${detail}`),
      [],
    );
  }

  /** By node: what its gates take for its incarnation. */
  async function incarnations(): Promise<Map<string, unknown>> {
    const gates = (await stack.resources()).filter(({ type }) => type === "mesos:index:Leave");
    return new Map(gates.map(({ id = "", outputs: { incarnation } }) => [id, incarnation]));
  }

  async function withZooKeeper<T>(work: (session: ZooKeeper) => Promise<T>): Promise<T> {
    const session = await ZooKeeper.connect({ servers: outputs.connection }, never);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  before(async function () {
    const found = given();
    if (found === undefined) this.skip();
    platform = found;
    stack = await TestStack.create({ ...platform.stack, program: { source: program(platform.expression) } });
    await stack.up();
    outputs = (await stack.outputs()) as unknown as Outputs;
  });
  after(() => stack?.close());

  it("gives addresses that more members do not move and that no other name has", () => {
    assert.deepEqual(outputs.five.slice(0, 3), outputs.addresses);
    const hosts = [...outputs.five, ...outputs.others].map(({ host }) => host);
    assert.equal(new Set(hosts).size, 20);
    assert.equal(outputs.url, `http://${outputs.addresses[0]?.host}:2181`);
  });

  it("runs every node at its address with its standard port, and nothing differs at the next up or refresh", async () => {
    await whole();
    await stack.unchanged();
    await stack.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("starts a node's program again that was killed", async () => {
    const before = await incarnations();
    await platform.kill(stack, "zk-2");
    await eventually(hangMs, whole);
    await stack.unchanged();
    assert.deepEqual(await incarnations(), before);
  });

  it("repairs a node that nobody starts again, without replacing it", async () => {
    const before = await incarnations();
    await platform.killForGood(stack, "zk-3");
    await eventually(hangMs, async () => assert.equal((await look())[2]?.up, false));
    await stack.up("--refresh");
    await eventually(hangMs, whole);
    assert.deepEqual(await incarnations(), before);
  });

  it("replaces nodes one at a time when what they run changes, and keeps their data", async () => {
    const before = await incarnations();
    await withZooKeeper((session) => session.put(node, Buffer.from("data")));
    const low: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      while (!stop.signal.aborted) {
        const away = (await Promise.all(members().map(refusal))).filter((reason) => reason !== undefined);
        if (away.length > 1) low.push(away.join(", "));
        await setTimeout(pollMs);
      }
    })();
    await stack.ok("config", "set", "tickTimeMs", "1500");
    await stack.up();
    stop.abort();
    await watching;
    assert.deepEqual(low, []);
    await whole();
    const after = await incarnations();
    for (const [name, incarnation] of before) assert.notEqual(after.get(name), incarnation, name);
    const kept = await withZooKeeper((session) => session.get(node));
    assert.equal(kept?.data.toString(), "data");
  });

  it("leaves nothing when the stack is destroyed", async () => {
    assert.notDeepEqual(await platform.left(stack), []);
    await stack.ok("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await platform.left(stack), []);
  });
}
