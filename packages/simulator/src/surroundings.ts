// SPDX-License-Identifier: Apache-2.0
import type { Agent } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Connect, ZooKeeperSession } from "./zookeeper";

/** What a program takes from the world around it: the real one, or the test kit's. */
export interface Surroundings {
  /** How it reaches ZooKeeper. */
  readonly connect: Connect;
  /** What its own HTTP requests go through; its own connections where none is given. */
  readonly dial?: Agent;
  /** Sees every request before its route does; it may wait, or answer by itself. */
  readonly onRequest?: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Sees every request once it is answered. */
  readonly onAnswer?: (request: FastifyRequest, status: number) => void;
}

export const realSurroundings: Surroundings = {
  connect: (options, signal) => ZooKeeperSession.connect(options, signal),
};
