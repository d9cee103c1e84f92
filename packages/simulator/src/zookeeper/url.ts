// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

/** A `zk://` URL taken apart as Mesos does it. */
export interface ZkUrl {
  /** host:port,host:port */
  readonly servers: string;
  /** Begins with a slash; `/` when none is given. */
  readonly path: string;
  /** `user:password` for the digest scheme. */
  readonly auth?: string;
}

/** The path begins at the first slash, the credentials end at the last `@` before it; nothing is percent-decoded. */
export function parseZkUrl(url: string): ZkUrl {
  if (!url.startsWith("zk://")) {
    throw new MesosError("MESOS_SIMULATOR_ZK_URL", "Expecting 'zk://' at the beginning of the URL");
  }
  const rest = url.slice("zk://".length).trim();
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? "/" : rest.slice(slash).replace(/\/+$/, "") || "/";
  const at = authority.lastIndexOf("@");
  const servers = authority.slice(at + 1);
  if (servers === "" || servers.split(",").some((s) => !/^[^\s:]+(:\d+)?$/.test(s))) {
    throw new MesosError("MESOS_SIMULATOR_ZK_URL", "Expecting host:port,host:port in the zk:// URL");
  }
  return { servers, path, ...(at < 0 ? {} : { auth: authority.slice(0, at) }) };
}
