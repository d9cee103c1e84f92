// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fourLetterWord } from "@pulumi-mesos/client";
import { S3ByCommand, S3Command } from "./aws-plugin/s3";
import { files } from "./aws-plugin/types/files";
import { AwsStack, ami, missing, region } from "./support/aws-stack";
import { eventually, hangMs } from "./support/eventually";
import { killAll, processesWith } from "./support/processes";

/** 700 options of a server that nothing makes shorter: more than user data take. */
const source = `
const { createHash } = require("node:crypto");
const pulumi = require("@pulumi/pulumi");
const { AwsPlatform } = require("@pulumi-mesos/aws");
const { containers, ZooKeeper } = require("pulumi-mesos");
const noise = (i) => createHash("sha256").update(String(i)).digest("hex");
const env = Object.fromEntries(Array.from({ length: 700 }, (_, i) => ["OPTION_" + i, noise(i)]));
const zookeeper = { ...containers.simulator.zookeeper, env };
const platform = new AwsPlatform({
  region: "${region}",
  image: { ami: "${ami}", architecture: "x86_64" },
  access: new pulumi.Config().get("access"),
  administrators: ["10.8.0.0/24"],
  distribution: { ...containers.simulator, zookeeper },
});
new ZooKeeper("zk", { platform, size: 1 });
`;

/*
 * As `e2e:aws` on a moto server, with the file that user data are too small for in moto's S3: its machine fetches it by AWS's own
 * command, as its user data say, and the server in it is ZooKeeper's own.
 */
describe("a member whose file does not fit into user data, on a moto server", function () {
  // A bound against hanging.
  this.timeout(600_000);
  let aws: AwsStack | undefined;
  const s3 = new S3ByCommand({ region });
  const env = { ...process.env };

  before(async function () {
    const why = await missing();
    if (why !== undefined) {
      for (const test of this.test?.parent?.tests ?? []) test.title += ` (not on this machine: ${why})`;
      return;
    }
    aws = await AwsStack.create({ source });
    Object.assign(process.env, aws.moto.env);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") console.log(aws?.logs());
  });
  after(async () => {
    process.env = env;
    await aws?.close();
  });

  /** Without moto a test says so by its title. */
  const on = (work: (aws: AwsStack) => Promise<void>) => async (): Promise<void> => {
    if (aws !== undefined) await work(aws);
  };

  it(
    "starts with the file that its machine has fetched, once",
    on(async (aws) => {
      const { code, output, calls } = await aws.run("up", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
      const made = (await aws.stack.resources()).map(({ type }) => type);
      assert.deepEqual(made.filter((type) => type.startsWith("aws:s3/")).sort(), Object.keys(files).sort());
      const { address, bucket, key, sha256, stored } = await theFile(aws);
      const text = readFileSync(stored, "utf8");
      assert.match(text, /OPTION_699/);
      assert.equal(sha256Of(text), sha256);
      const reads = calls.filter(({ action }) => action === `GET /${bucket}/${key}`);
      assert.equal(reads.length, 1, calls.map(({ action }) => action).join("\n"));
      assert.match(await modeOf(address), /standalone/);
      const again = await aws.run("up", "--yes", "--skip-preview", "--expect-no-changes");
      assert.equal(again.code, 0, again.output);
    }),
  );

  it(
    "fails to start while another content lies under the file's name, and starts with the right one",
    on(async (aws) => {
      const { address, bucket, key, stored, log } = await theFile(aws);
      const text = readFileSync(stored, "utf8");
      const put = (Body: string): Promise<object> =>
        s3.send(new S3Command("put-object", { Bucket: bucket, Key: key, Body }));
      await put(`${text}OPTION_700=another\n`);
      rmSync(stored);
      killAll(processesWith(path.dirname(log)).filter(({ argv }) => argv[0]?.endsWith("java")));
      await eventually(hangMs, () =>
        assert.match(readFileSync(log, "utf8"), /1 computed checksum did NOT match/),
      );
      await assert.rejects(modeOf(address), /ECONNREFUSED/);
      await put(text);
      await eventually(hangMs, async () => assert.match(await modeOf(address), /standalone/));
    }),
  );

  it(
    "is destroyed with all that S3 had of it",
    on(async (aws) => {
      const { code, output } = await aws.run("destroy", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
      const { Buckets } = (await s3.send(new S3Command("list-buckets", {}))) as { Buckets?: unknown[] };
      assert.deepEqual(Buckets ?? [], []);
    }),
  );
});

/** The file as the member's user data have it fetched, and where its machine keeps it. */
async function theFile({ machines }: AwsStack) {
  const [instance] = await machines.instancesOf("zk-1");
  assert.ok(instance);
  const prepare = (await machines.filesOf(instance)).find((one) => one.path === "/opt/pulumi-mesos/prepare");
  const loads = [...(prepare?.content ?? "").matchAll(/^load (\S+) (\S+) (\S+) (\S+)$/gm)];
  assert.equal(loads.length, 1, prepare?.content);
  const [[, at = "", sha256 = "", bucket = "", key = ""] = []] = loads;
  const machine = path.join(machines.directory, instance.InstanceId ?? "");
  return {
    ...{ sha256, bucket, key, address: instance.PrivateIpAddress ?? "" },
    ...{ stored: path.join(machine, at), log: path.join(machine, "log") },
  };
}

function modeOf(host: string): Promise<string> {
  return fourLetterWord({ host, port: 2181 }, "srvr", AbortSignal.timeout(5_000));
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
