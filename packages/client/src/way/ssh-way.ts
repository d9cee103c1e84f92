// SPDX-License-Identifier: Apache-2.0
import type { Socket } from "node:net";
import type { HostPort, SshAccess } from "@pulumi-mesos/model";
import { someTimeAfter, unlessAborted } from "../clock";
import { isAccessFault } from "../errors";
import { throughSocks } from "./socks";
import { openTunnel, type Tunnel } from "./ssh-tunnel";
import type { Way } from "./way";

/** How long nobody tries again after a tunnel could not be opened: a bastion counts those who knock. */
const pauseMs = 1_000;

/** Through a tunnel of OpenSSH's client, opened when it is needed first and anew when it has ended. */
export class SshWay implements Way {
  readonly #access: SshAccess;
  readonly #environment: NodeJS.ProcessEnv;
  #tunnel: Promise<Tunnel> | undefined;

  constructor(access: SshAccess, environment: NodeJS.ProcessEnv) {
    this.#access = access;
    this.#environment = environment;
  }

  async open(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#standing(), signal);
  }

  async connect(to: HostPort): Promise<Socket> {
    const { path, refusals } = await this.#standing();
    const before = refusals.count;
    try {
      return await throughSocks({ path }, to);
    } catch (error) {
      throw isAccessFault(error) ? error : await refusals.errorOf(to, before, error);
    }
  }

  /** All that come meanwhile wait for the same tunnel. */
  #standing(): Promise<Tunnel> {
    if (this.#tunnel !== undefined) return this.#tunnel;
    const tunnel = openTunnel(this.#access, this.#environment);
    this.#tunnel = tunnel;
    const forget = (): void => {
      this.#tunnel = undefined;
    };
    tunnel.then(
      ({ ended }) => ended.then(forget),
      () => someTimeAfter(pauseMs, forget),
    );
    return tunnel;
  }
}
