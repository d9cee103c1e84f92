// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import { type EnumType, type MessageType, parseProtos } from "./descriptor";

/** Where this package keeps the protocol's `.proto` files. */
export const protoRoot = join(__dirname, "..", "..", "proto");

export const protoFiles: readonly string[] = [
  "google/protobuf/duration.proto",
  ...["mesos", "allocator/allocator", "maintenance/maintenance", "quota/quota"].map(
    (f) => `mesos/v1/${f}.proto`,
  ),
  ...["scheduler/scheduler", "master/master", "executor/executor", "agent/agent"].map(
    (f) => `mesos/v1/${f}.proto`,
  ),
];

/** The messages that bodies and records of the v1 APIs are. */
export type V1Type =
  | "mesos.v1.master.Call"
  | "mesos.v1.master.Response"
  | "mesos.v1.master.Event"
  | "mesos.v1.scheduler.Call"
  | "mesos.v1.scheduler.Event"
  | "mesos.v1.scheduler.Response"
  | "mesos.v1.executor.Call"
  | "mesos.v1.executor.Event"
  | "mesos.v1.agent.Call"
  | "mesos.v1.agent.Response"
  | "mesos.v1.agent.ProcessIO";

let types: ReadonlyMap<string, EnumType | MessageType> | undefined;

/** A message of the protocol by its full name; the first one reads the files. */
export function messageType(name: string): MessageType {
  const type = typeNamed(name);
  if (type?.kind !== "message") {
    throw new MesosError("MESOS_SIMULATOR_PROTO", `the protocol has no message ${name}`);
  }
  return type;
}

/** The names of an enum's values, in its order. */
export function enumNames(name: string): readonly string[] {
  const type = typeNamed(name);
  if (type?.kind === "enum") return [...type.byName.keys()];
  throw new MesosError("MESOS_SIMULATOR_PROTO", `the protocol has no enum ${name}`);
}

function typeNamed(name: string): EnumType | MessageType | undefined {
  types ??= parseProtos(protoFiles.map((file) => readFileSync(join(protoRoot, file), "utf8")));
  return types.get(name);
}

/** Whether a message has a field of this name. */
export function hasField(type: V1Type, name: string): boolean {
  return messageType(type).byName.has(name);
}
