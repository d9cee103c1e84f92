// SPDX-License-Identifier: Apache-2.0
import { createSocket } from "node:dgram";
import { messageOf } from "@pulumi-mesos/model";
import type { Log } from "./log";

/** What Bamboo counts, by its names. */
export type StatName =
  | "restart"
  | "callback.marathon"
  | "reload.domain"
  | "haproxy.reload.error"
  | "haproxy.reload.marathon.reloaded"
  | "haproxy.reload.skipped";

/** Where counts and times go. */
export interface Stats {
  increment(name: StatName): void;
  timing(name: "haproxy.reload.marathon.duration", ms: number): void;
  close(): void;
}

export const noStats: Stats = { increment: () => {}, timing: () => {}, close: () => {} };

/** Where StatsD listens, and what stands before every name. */
export interface StatsdOptions {
  readonly host: string;
  readonly port: number;
  readonly prefix: string;
}

/** Counts over UDP as Bamboo does; what is lost is lost, and nothing waits for it. */
export function statsd({ host, port, prefix }: StatsdOptions, log: Log): Stats {
  const socket = createSocket("udp4").unref();
  let isOpen = true;
  let wasReached = true;
  const failed = (error: Error | null): void => {
    // One line for an outage, not one a count.
    if (error && wasReached) log.warn({ reason: messageOf(error) }, "statsd cannot be reached");
    wasReached = !error;
  };
  socket.on("error", failed);
  const send = (text: string): void => {
    if (isOpen) socket.send(`${prefix}${text}`, port, host, failed);
  };
  return {
    increment: (name) => send(`${name}:1|c`),
    timing: (name, ms) => send(`${name}:${Math.round(ms)}|ms`),
    close: () => {
      isOpen = false;
      socket.close();
    },
  };
}
