// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { AwsPlatform } from "@pulumi-mesos/aws";
import { Cluster } from "pulumi-mesos";
import { type Recorded, record } from "pulumi-mesos/testing";

/** A member's machine as AWS would be told to make it. */
export interface RenderedMachine {
  readonly name: string;
  /** Its fixed private address. */
  readonly address: string;
  readonly userData: string;
  /** Of its program's container. */
  readonly image: string;
}

export interface RenderedCluster {
  readonly machines: readonly RenderedMachine[];
  /** What Parameter Store would have, by `NAME:VERSION`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Version of every parameter. */
const version = 1;

/** Three ZooKeeper servers and three masters of `AwsPlatform`, on images of Debian in a network of its own. */
export async function renderMembers(cidr: string, secret: string): Promise<RenderedCluster> {
  const all = await record(
    () => {
      const platform = new AwsPlatform({
        region: "eu-central-1",
        image: { ami: "ami-0123", architecture: "x86_64", packages: ["docker.io"] },
        administrators: ["10.8.0.0/24"],
        network: { cidr },
      });
      new Cluster("demo", { platform, secret, zookeeper: { size: 3 }, masters: { size: 3 } });
    },
    [],
    computed,
  );
  const machines = ofType(all, "Instance")
    .filter(({ name }) => /-(zookeeper|masters)-\d$/.test(name))
    .map((instance) => renderedMachine(instance, all));
  const parameters = ofType(all, "Parameter").map(
    ({ inputs }) => [`${inputs["name"]}:${version}`, opened(inputs["value"])] as const,
  );
  return { machines, parameters: new Map(parameters) };
}

/** What AWS would answer beside the inputs. */
function computed(type: string, name: string): Record<string, unknown> {
  const volume = type.endsWith(":Volume") ? { id: "vol-0123456789abcdef0" } : {};
  return { arn: `arn:aws:x:eu-central-1:123456789012:${name}`, zoneId: "zone", version, ...volume };
}

const ofType = (all: readonly Recorded[], type: string): Recorded[] =>
  all.filter((resource) => resource.type.endsWith(`:${type}`));

function renderedMachine({ name, inputs }: Recorded, all: readonly Recorded[]): RenderedMachine {
  const face = ofType(all, "NetworkInterface").find((one) => one.name === `${name}-interface`);
  const [address] = (face?.inputs["privateIps"] ?? []) as string[];
  assert.ok(address);
  const { userData = gunzipSync(Buffer.from(String(inputs["userDataBase64"]), "base64")).toString() } =
    inputs;
  const [image] = /pulumi-mesos\/\w+:\d[\w.-]*/.exec(String(userData)) ?? [];
  assert.ok(image);
  return { name, address, userData: String(userData), image };
}

/** The mocks show a secret as an envelope. */
function opened(value: unknown): string {
  return typeof value === "string" ? value : (value as { readonly value: string }).value;
}
