// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { proves } from "../http";
import { proofAbout, type RegisterSlaveMessage } from "../protocol/messages";
import type { MasterFlags } from "./flags";

const mostOpen = 10_000;

/** Whether agents know the secrets of `--credentials`: each registration answers a nonce of its own. */
export class AgentAuthentication {
  readonly #nonces = new Map<string, string>();

  /** For the registration that will have this stream. */
  nonce(stream: string): string {
    const nonce = randomBytes(32).toString("base64");
    this.#nonces.set(stream, nonce);
    for (const [oldest] of this.#nonces) {
      if (this.#nonces.size <= mostOpen) break;
      this.#nonces.delete(oldest);
    }
    return nonce;
  }

  /** Each nonce counts once. */
  check(flags: MasterFlags, message: RegisterSlaveMessage): "admitted" | "missing" | "wrong" {
    const nonce = this.#nonces.get(message.stream);
    this.#nonces.delete(message.stream);
    const { credential } = message;
    if (credential === undefined) return flags.authenticate_agents ? "missing" : "admitted";
    if (flags.credentials === undefined) return "admitted";
    const secret = flags.credentials.get(credential.principal);
    const about = proofAbout(credential.principal, message);
    return nonce !== undefined && proves(secret, nonce, about, credential.proof) ? "admitted" : "wrong";
  }
}
