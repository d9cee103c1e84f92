// SPDX-License-Identifier: Apache-2.0

/** Where something answers. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * `host:port` by `host:port`: where connections go for addresses that this machine does not reach, such as those of containers behind
 * published ports, or of a cluster behind tunnels. Addresses keep their names: in URLs, redirects and certificates.
 */
export type AddressMap = Readonly<Record<string, string>>;

/** `127.0.0.1:11000` in parts; undefined when it is none. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, host = "", port] = /^([^\s/:@]+):([1-9]\d{0,4})$/.exec(text) ?? [];
  return host === "" || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}

/** Where a connection to an address goes: there, unless the map says otherwise. */
export function throughMap({ host, port }: HostPort, map: AddressMap | undefined): HostPort {
  const via = map?.[`${host}:${port}`];
  return (via === undefined ? undefined : parseHostPort(via)) ?? { host, port };
}

/** A URL as this machine reaches it: for people, who follow no map. */
export function urlThroughMap(url: string, map: AddressMap | undefined): string {
  const { protocol, hostname, port, host } = new URL(url);
  const own = { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
  const to = throughMap(own, map);
  return to.host === own.host && to.port === own.port ? url : url.replace(host, `${to.host}:${to.port}`);
}
