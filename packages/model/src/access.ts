// SPDX-License-Identifier: Apache-2.0

/** How the machine that runs Pulumi gets to addresses of a cluster. */
export type Access =
  /** It reaches them itself: by a VPN, or because it stands in their network. */
  | { readonly by: "direct" }
  | { readonly by: "socks"; readonly host: string; readonly port: number }
  | SshAccess;

/** By a machine that reaches them, to which OpenSSH opens a tunnel; by Session Manager (`ssm`) where it has no public address. */
export interface SshAccess {
  readonly by: "ssh" | "ssm";
  /** A name or address; an instance's id by Session Manager. */
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** Path of an `ssh_config` that is read instead of the user's own. */
  readonly config?: string;
  /** Of the instance, by Session Manager. @default what the AWS CLI is configured for */
  readonly region?: string;
}

const example =
  'must be "direct", "socks5://host:port", "ssh://user@host" or "ssm://user@i-0123456789abcdef0" (with :port, ?config=/path/of/ssh_config or ?region= where needed)';
/** Of ssh's options none begins so, and no shell sees anything in it. */
const plain = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/;
const address = /^([A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/;

/** What is wrong with a text that says how a cluster is reached; never shows it, because somebody may have put a password in it. */
export function accessFault(text: unknown): string | undefined {
  if (text === "direct") return undefined;
  if (typeof text !== "string" || !URL.canParse(text)) return example;
  const url = new URL(text);
  const { protocol, username, password, pathname } = url;
  if (password !== "")
    return "must not hold a password: ssh signs in by keys, and a SOCKS proxy is one without";
  if (!/^(socks5|ssh|ssm):$/.test(protocol) || !address.test(hostOf(url))) return example;
  if (pathname !== "" && pathname !== "/") return example;
  if (protocol === "socks5:") {
    return username === "" && url.search === "" && url.port !== ""
      ? undefined
      : 'must be "socks5://host:port"';
  }
  if (username !== "" && !plain.test(decodeURIComponent(username))) return example;
  return optionFault(url);
}

function optionFault({ protocol, hostname, searchParams }: URL): string | undefined {
  const known = protocol === "ssm:" ? ["config", "region"] : ["config"];
  const other = [...searchParams.keys()].find((key) => !known.includes(key));
  if (other !== undefined)
    return `knows no ?${other}=, only ${known.join(" and ")}; ssh_config says everything else`;
  if (searchParams.get("config")?.startsWith("/") === false) return "?config= must be an absolute path";
  if (!/^[a-z0-9-]+$/.test(searchParams.get("region") ?? "any"))
    return "?region= must be one such as eu-central-1";
  return protocol === "ssm:" && !/^m?i-[0-9a-f]+$/.test(hostname) ? example : undefined;
}

/** What a text that {@link accessFault} found right says. */
export function parseAccess(text: string): Access {
  if (text === "direct") return { by: "direct" };
  const url = new URL(text);
  const { protocol, username, port, searchParams } = url;
  const host = hostOf(url);
  if (protocol === "socks5:") return { by: "socks", host, port: Number(port) };
  const [config, region] = ["config", "region"].map((key) => searchParams.get(key));
  return {
    by: protocol === "ssm:" ? "ssm" : "ssh",
    host,
    ...(username !== "" && { user: decodeURIComponent(username) }),
    ...(port !== "" && { port: Number(port) }),
    ...(config != null && { config }),
    ...(region != null && { region }),
  };
}

/** Without the brackets of an address of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
