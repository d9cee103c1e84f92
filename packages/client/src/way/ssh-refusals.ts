// SPDX-License-Identifier: Apache-2.0
import type { Interface } from "node:readline";
import { type HostPort, messageOf } from "@pulumi-mesos/model";
import { nowMs, pause } from "../clock";
import { AccessError } from "../errors";

/** ssh closes the connection first and says why a moment later. */
const lateMs = 1_000;
const lookMs = 20;

/**
 * Why connections through a tunnel were not made. ssh says so in a line for each, without its address: of several at the same
 * time one cannot tell which is whose, so that only what holds for all of them is taken for true.
 */
export class SshRefusals {
  readonly #reasons: string[] = [];
  #failed = 0;

  /** @param said what ssh says, by lines */
  constructor(said: Interface) {
    said.on("line", (line) => {
      const [, reason] = /^channel \d+: open failed: (.*)$/.exec(line.trim()) ?? [];
      if (reason !== undefined) this.#reasons.push(reason);
    });
  }

  /** How many there were until now. */
  get count(): number {
    return this.#reasons.length;
  }

  /** What a connection to `to` failed by that was begun when there were `before`; as a connection of one's own would fail. */
  async errorOf(to: HostPort, before: number, cause: unknown): Promise<Error> {
    const due = ++this.#failed;
    const deadline = nowMs() + lateMs;
    while (this.#reasons.length < due && nowMs() < deadline) await pause(lookMs);
    const reasons = [...new Set(this.#reasons.slice(before))];
    const where = `${to.host}:${to.port}`;
    if (reasons.length === 0) {
      const why = `the tunnel ended before it reached ${where} (${messageOf(cause)})`;
      return new AccessError(`access: ${why}`, true, cause);
    }
    if (reasons.some((reason) => reason.startsWith("administratively prohibited"))) {
      const message =
        "access: the machine at the end of the tunnel forbids forwarding (AllowTcpForwarding, PermitOpen)";
      return new AccessError(message, false, cause);
    }
    const isRefused = reasons.every((reason) => /connection refused/i.test(reason));
    const code = isRefused ? "ECONNREFUSED" : "EHOSTUNREACH";
    return Object.assign(new Error(`connect ${code} ${where} through ssh (${reasons.join("; ")})`), { code });
  }
}
