// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Cluster, type ClusterArgs } from "pulumi-mesos";
import { type Recorded, record } from "pulumi-mesos/testing";
import type { AwsPlatform } from "./aws-platform";
import type { AwsPlatformArgs } from "./platform-args";

export const region = "eu-central-1";
export const ecr = `123456789012.dkr.ecr.${region}.amazonaws.com`;
export const usual: AwsPlatformArgs = {
  region,
  image: { ami: "ami-0123", architecture: "x86_64" },
  administrators: ["10.8.0.0/24"],
  network: { cidr: "10.77.0.0/16" },
};

/** What AWS would answer beside the inputs; of images it says nothing. */
export function computed(type: string, name: string): Record<string, unknown> {
  const short = type.split(":").at(-1);
  const arn = `arn:aws:${short}:${region}:123456789012:${name}`;
  const named = short === "Bucket" ? { bucket: name } : short === "Role" ? { name } : {};
  return {
    ...named,
    arn,
    dnsName: `${name}.elb.amazonaws.com`,
    zoneId: `${name}-zone`,
    version: 7,
    latestVersion: 3,
  };
}

export const run = (program: () => void): Promise<Recorded[]> => record(program, [], computed);
export const ofAws = (all: readonly Recorded[]): Recorded[] =>
  all.filter(({ type }) => type.startsWith("aws:"));
export const short = (type: string): string => type.split(":").at(-1) ?? "";

export function find(all: readonly Recorded[], kind: string, name: string): Recorded {
  const found = all.filter((r) => short(r.type) === kind && r.name === name);
  assert.equal(
    found.length,
    1,
    `${kind} ${name}, got ${all.filter((r) => short(r.type) === kind).map((r) => r.name)}`,
  );
  return found[0] as Recorded;
}

/** `Subnet platform-public-a` and so on. */
export const titles = (all: readonly Recorded[]): string[] =>
  all.map((r) => `${short(r.type)} ${r.name}`).sort();

export function cloudConfig(instance: Recorded): { write_files: { path: string; content: string }[] } {
  const text = instance.inputs["userData"];
  assert.ok(typeof text === "string" && text.startsWith("#cloud-config\n"));
  return JSON.parse(text.slice("#cloud-config\n".length));
}

export function written(instance: Recorded, path: string): string {
  return cloudConfig(instance).write_files.find((file) => file.path === path)?.content ?? "";
}

export function cluster(platform: AwsPlatform, more: Partial<ClusterArgs> = {}): Cluster {
  return new Cluster("demo", {
    platform,
    secret: "a-secret-of-thirty-two-characters",
    zookeeper: { size: 3 },
    masters: { size: 3 },
    edge: { size: 2 },
    ...more,
  });
}
