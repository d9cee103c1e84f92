// SPDX-License-Identifier: Apache-2.0
import type { Socket } from "node:net";
import type { Access, AddressMap, HostPort } from "@pulumi-mesos/model";
import { SocksWay } from "./socks";
import { SshWay } from "./ssh-way";

/**
 * A way to addresses that this machine does not reach itself. Both calls fail with `MESOS_CLIENT_ACCESS` where there is no way:
 * that says nothing about who stands at its end.
 */
export interface Way {
  /** Resolves once it stands, so that no bound of a question is spent on it. */
  open(signal: AbortSignal): Promise<void>;
  connect(to: HostPort): Promise<Socket>;
}

/** How connections are made, where not straight to the addresses themselves. */
export interface Reach {
  /** Where they go for addresses that are reached elsewhere, those of redirects included. @default there */
  readonly addressMap?: AddressMap;
  /** By which way all of them go. @default directly */
  readonly way?: Way;
}

/** The way that `access` says; undefined where none is needed. A tunnel ends with this process. */
export function wayOf(access: Access, environment: NodeJS.ProcessEnv): Way | undefined {
  switch (access.by) {
    case "direct":
      return undefined;
    case "socks":
      return new SocksWay(access);
    default:
      return new SshWay(access, environment);
  }
}
