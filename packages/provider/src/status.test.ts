// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { MesosError } from "@pulumi-mesos/model";
import { detailsOf, statusOf } from "./status";

describe("the status of an error", () => {
  it("follows from its code", () => {
    const codes: [string, status][] = [
      ["MESOS_PLUGIN_CANCELLED", status.ABORTED],
      ["MESOS_CLIENT_ABORTED", status.ABORTED],
      ["MESOS_GATE_TIMEOUT", status.DEADLINE_EXCEEDED],
      ["MESOS_CLIENT_UNREACHABLE", status.UNAVAILABLE],
      ["MESOS_PLUGIN_UNKNOWN_TOKEN", status.INVALID_ARGUMENT],
      ["MESOS_PLUGIN_CONFIG_INVALID", status.INVALID_ARGUMENT],
      ["MESOS_PROGRAM_MISSING", status.FAILED_PRECONDITION],
      ["MESOS_GATE_QUORUM", status.FAILED_PRECONDITION],
    ];
    deepEqual(
      codes.map(([code]) => [code, statusOf(new MesosError(code, ""))]),
      codes,
    );
  });

  it("is never one that means corruption, and words of ours stay as they are", () => {
    for (const error of [
      new TypeError("a bug"),
      "text",
      undefined,
      new MesosError("MESOS_ANY", "as it is"),
    ]) {
      equal([status.UNKNOWN, status.INTERNAL, status.DATA_LOSS].includes(statusOf(error)), false);
    }
    equal(detailsOf(new MesosError("MESOS_ANY", "as it is\nlog line")), "as it is\nlog line");
    equal(detailsOf(new TypeError("a bug")), "unexpected: a bug");
  });
});
