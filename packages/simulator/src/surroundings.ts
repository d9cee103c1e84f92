// SPDX-License-Identifier: Apache-2.0
import type { Agent } from "node:http";
import type { TlsOptions } from "node:tls";
import { messageOf } from "@pulumi-mesos/model";
import type { FastifyReply, FastifyRequest } from "fastify";
import { libprocessTls } from "./http";
import { type Connect, ZooKeeperSession } from "./zookeeper";

/** What a program takes from the world around it: the real one, or the test kit's. */
export interface Surroundings {
  /** How it reaches ZooKeeper. */
  readonly connect: Connect;
  /** What its own HTTP requests go through; its own connections where none is given. */
  readonly dial?: Agent;
  /** How it serves TLS. @default plain HTTP */
  readonly tls?: TlsOptions;
  /** Sees every request before its route does; it may wait, or answer by itself. */
  readonly onRequest?: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Sees every request once it is answered. */
  readonly onAnswer?: (request: FastifyRequest, status: number) => void;
}

export const realSurroundings: Surroundings = {
  connect: (options, signal) => ZooKeeperSession.connect(options, signal),
};

/** The real ones of a program of Mesos, which may speak TLS to the others of its cluster; `fail` ends one that cannot. */
export function surroundingsIn(
  env: Readonly<Record<string, string | undefined>>,
  fail: (message: string) => never,
): Surroundings {
  try {
    const secure = libprocessTls(env);
    return {
      ...realSurroundings,
      ...(secure === undefined ? {} : { dial: secure.dial, tls: secure.server }),
    };
  } catch (error) {
    return fail(messageOf(error));
  }
}
