// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";

/** A request as HAProxy would see it, of which somebody wants to know where it goes. */
export interface AskedRequest {
  readonly tls: boolean;
  /** Without its port. */
  readonly host: string;
  readonly port?: number;
  /** As it is sent, without the query. */
  readonly path: string;
  readonly method: string;
  /** Values by lower-case name, beside Host. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Address of the client; conditions on it cannot be judged without. */
  readonly client?: string;
}

/** What was typed. */
export interface Question {
  /** A whole URL, or a path alone. */
  readonly url: string;
  /** In place of the URL's. */
  readonly host?: string;
  readonly method?: string;
  /** `Name: value` each. */
  readonly headers?: readonly string[];
  readonly client?: string;
}

/** A request, or what is wrong with the question. */
export type Asked =
  | { readonly ok: true; readonly request: AskedRequest }
  | { readonly ok: false; readonly message: string };

const no = (message: string): Asked => ({ ok: false, message });
const longest = 4_096;

/** Reads a question. Nothing is tidied up, because HAProxy does not either: `/a/../b` begins with `/a`. */
export function readQuestion({ url, host, method = "GET", headers = [], client }: Question): Asked {
  if (url.length > longest) return no(`url: must be ${longest} characters or less, got ${url.length}`);
  const match = /^(?:(https?):\/\/([^/?#]*))?(\/[^?#]*)?(?:[?#].*)?$/s.exec(url.trim());
  const [, scheme, authority, path] = match ?? [];
  if (!match || (path === undefined && authority === undefined))
    return no(
      `url: must be a URL such as http://shop.example/cart, or a path such as /cart, got ${shown(url)}`,
    );
  const at = hostOf(host || authority || "localhost");
  if (!at) return no(`host: must be a host name, with or without a port, got ${shown(host || authority)}`);
  if (!/^[A-Z]{1,20}$/.test(method)) return no(`method: must be one such as GET, got ${shown(method)}`);
  if (client !== undefined && !isIP(client)) return no(`client: must be an IP address, got ${shown(client)}`);
  const read = readHeaders(headers);
  if (typeof read === "string") return no(read);
  return {
    ok: true,
    request: {
      tls: scheme === "https",
      ...at,
      path: encoded(path ?? "/"),
      method,
      headers: read,
      ...(client !== undefined && { client }),
    },
  };
}

function hostOf(text: string): Pick<AskedRequest, "host" | "port"> | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?$/.exec(text.trim());
  const [, host, port] = match ?? [];
  if (host === undefined || (host.startsWith("[") && !isIP(host.slice(1, -1)))) return undefined;
  return { host, ...(port !== undefined && { port: Number(port) }) };
}

function readHeaders(lines: readonly string[]): ReadonlyMap<string, readonly string[]> | string {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name = "", value = ""] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === "" || !/^[\x20-\x7e]{0,1000}$/.test(value))
      return `header: must be one such as X-Version: 2, got ${shown(line)}`;
    const key = name.toLowerCase();
    if (key === "host") return "header: give the host by itself, not as a header";
    headers.set(key, [...(headers.get(key) ?? []), value.trim()]);
  }
  return headers;
}

/** Everything but printable ASCII percent-encoded, as clients send it. */
function encoded(path: string): string {
  return [...Buffer.from(path, "utf8")]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}

function shown(text: string | undefined): string {
  return JSON.stringify((text ?? "").slice(0, 100));
}
