// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";
import type { App } from "../discovery/apps";

/** What marathon-lb's labels ask for one port of an app. */
export interface LabelledPort {
  readonly portIndex: number;
  readonly hosts: readonly string[];
  /** Prefixes of the path; all paths when there is none. */
  readonly paths: readonly string[];
  readonly ignoreCase: boolean;
  /** Set by a label; larger ones are tried first. */
  readonly weight?: number;
  /** A port of the edge that leads nowhere else. */
  readonly bind?: {
    readonly port: number;
    readonly address?: string;
    /** Path or name of the file with its certificate; plain without. */
    readonly certificate?: string;
  };
  readonly options: BackendOptions;
}

/** How a backend treats its requests, beside passing them on. */
export interface BackendOptions {
  readonly mode: "http" | "tcp";
  readonly balance?: string;
  readonly sticky?: true;
  readonly redirectToHttps?: true;
  readonly hsts?: true;
  readonly auth?: { readonly realm: string; readonly user: string; readonly hash: string };
  /** Addresses and networks that may ask; everybody without. */
  readonly allowed?: readonly string[];
  /** Prefix that is taken from the path before the app sees it. */
  readonly stripPath?: string;
  /** Where a request for `/` is sent. */
  readonly rootRedirect?: string;
}

/** What was read, and what is wrong with single labels; those are left out and the others count. */
export interface Labelled {
  readonly ports: readonly LabelledPort[];
  readonly problems: ReadonlyMap<string, string>;
}

const balances = ["roundrobin", "leastconn", "source", "uri", "random", "first", "static-rr"];
const path = /^\/[A-Za-z0-9\-._~!$&()*+,;=:@/%]*$/;
const host = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Names after `HAPROXY_<n>_` that are read. */
export const readLabels: ReadonlySet<string> = new Set([
  ..."GROUP VHOST PATH BACKEND_WEIGHT PORT MODE BALANCE ENABLED STICKY REDIRECT_TO_HTTPS USE_HSTS BIND_ADDR AUTH".split(
    " ",
  ),
  "BACKEND_NETWORK_ALLOWED_ACL",
  "HTTP_BACKEND_PROXYPASS_PATH",
  "HTTP_BACKEND_REDIR",
  "SSL_CERT",
]);

/**
 * Reads marathon-lb's labels of an app, for an edge of `groups` (`*` takes all). A label that is wrong, or that this edge
 * does not read, is named and changes nothing else.
 */
export function labelled(app: App, groups: readonly string[]): Labelled {
  const problems = new Map<string, string>();
  const numbers = new Set<number>();
  for (const name of Object.keys(app.labels)) {
    const match = /^HAPROXY_(\d{1,3})_(\w+)$/.exec(name);
    if (!match) continue;
    if (readLabels.has(match[2] ?? "")) numbers.add(Number(match[1]));
    else problems.set(name, "is not read by this edge");
  }
  // A group alone asks for the service ports, as marathon-lb has them.
  if (words(app.labels["HAPROXY_GROUP"]).length > 0) for (const n of app.servicePorts.keys()) numbers.add(n);
  const ports = [...numbers]
    .sort((a, b) => a - b)
    .flatMap((n) => new PortLabels(app, n, problems).read(groups) ?? []);
  return { ports, problems };
}

class PortLabels {
  readonly #app: App;
  readonly #n: number;
  readonly #problems: Map<string, string>;

  constructor(app: App, n: number, problems: Map<string, string>) {
    this.#app = app;
    this.#n = n;
    this.#problems = problems;
  }

  read(groups: readonly string[]): LabelledPort | undefined {
    const own = this.#groups();
    if (!groups.includes("*") && !own.some((group) => group === "*" || groups.includes(group)))
      return undefined;
    if (this.#text("ENABLED") !== undefined && !this.#isTrue("ENABLED")) return undefined;
    const hosts = words(this.#text("VHOST")?.toLowerCase()).filter((h) =>
      this.#isGood("VHOST", h, host.test(h), "a host name"),
    );
    const mode = this.#mode(hosts.length > 0);
    const bind = this.#bind(mode, hosts.length > 0);
    const { paths, ignoreCase } = this.#paths(hosts.length > 0);
    if (hosts.length === 0 && !bind) return undefined;
    const weight = this.#number("BACKEND_WEIGHT", -1_000_000, 1_000_000);
    return {
      portIndex: this.#n,
      hosts,
      paths,
      ignoreCase,
      ...(weight !== undefined && { weight }),
      ...(bind && { bind }),
      options: this.#options(mode),
    };
  }

  #options(mode: "http" | "tcp"): BackendOptions {
    const balance = this.#text("BALANCE");
    const isKnown =
      balance !== undefined &&
      this.#isGood("BALANCE", balance, balances.includes(balance), balances.join(", "));
    const allowed = words(this.#text("BACKEND_NETWORK_ALLOWED_ACL"), /[\s,]+/).filter((a) =>
      this.#isGood("BACKEND_NETWORK_ALLOWED_ACL", a, isNetwork(a), "an IP address or network"),
    );
    // A list of which nothing is left must not let everybody in.
    const isLimited = this.#text("BACKEND_NETWORK_ALLOWED_ACL") !== undefined;
    const common = {
      mode,
      ...(isKnown && { balance }),
      ...(isLimited && { allowed: allowed.length > 0 ? allowed : ["0.0.0.0/32"] }),
    };
    if (mode === "tcp") return common;
    const stripPath = this.#path("HTTP_BACKEND_PROXYPASS_PATH");
    const rootRedirect = this.#path("HTTP_BACKEND_REDIR");
    const auth = this.#auth();
    return {
      ...common,
      ...(this.#isTrue("STICKY") && { sticky: true as const }),
      ...(this.#isTrue("REDIRECT_TO_HTTPS") && { redirectToHttps: true as const }),
      ...(this.#isTrue("USE_HSTS") && { hsts: true as const }),
      ...(auth && { auth }),
      ...(stripPath && { stripPath }),
      ...(rootRedirect && { rootRedirect }),
    };
  }

  #mode(hasHost: boolean): "http" | "tcp" {
    const text = this.#text("MODE");
    const isHttp =
      hasHost || this.#app.healthChecks.some((c) => c.portIndex === this.#n && /HTTP/.test(c.protocol));
    if (text === undefined || !this.#isGood("MODE", text, ["http", "tcp"].includes(text), "http or tcp"))
      return isHttp ? "http" : "tcp";
    if (text === "tcp" && hasHost) {
      this.#problems.set(this.#name("MODE"), "must be http beside a VHOST");
      return "http";
    }
    return text === "tcp" ? "tcp" : "http";
  }

  #groups(): string[] {
    return words(this.#text("GROUP") ?? this.#app.labels["HAPROXY_GROUP"]);
  }

  /** A port of its own: the label's, or the service port of what is TCP by its label, has a certificate, or a group and no host. */
  #bind(mode: "http" | "tcp", hasHost: boolean): LabelledPort["bind"] {
    const given = this.#number("PORT", 1, 65_535);
    const service = this.#app.servicePorts[this.#n];
    const certificate = this.#text("SSL_CERT") || undefined;
    const isTcp = mode === "tcp" && this.#text("MODE") === "tcp";
    const isAsked = certificate !== undefined || isTcp || (!hasHost && this.#groups().length > 0);
    const port = given ?? (isAsked && service ? service : undefined);
    const address = this.#text("BIND_ADDR");
    if (port === undefined && certificate !== undefined)
      this.#problems.set(
        this.#name("SSL_CERT"),
        "needs a PORT beside it, because the app has no service port",
      );
    if (port === undefined) return undefined;
    const isAddress =
      address !== undefined && this.#isGood("BIND_ADDR", address, isIP(address) !== 0, "an IP address");
    // Without the address that was asked for, the port would be open to more than was meant.
    if (address !== undefined && !isAddress) return undefined;
    return { port, ...(isAddress && { address }), ...(certificate !== undefined && { certificate }) };
  }

  #paths(hasHost: boolean): { paths: string[]; ignoreCase: boolean } {
    const [first, ...rest] = words(this.#text("PATH"), /\s+/);
    const ignoreCase = first === "-i";
    const all = ignoreCase || first === undefined ? rest : [first, ...rest];
    if (all.length > 0 && !hasHost) this.#problems.set(this.#name("PATH"), "needs a VHOST beside it");
    const paths = all.filter((p) => this.#isGood("PATH", p, path.test(p) && p.length <= 512, "a path"));
    return { paths, ignoreCase };
  }

  #auth(): BackendOptions["auth"] {
    const text = this.#text("AUTH");
    if (text === undefined) return undefined;
    const [realm = "", user = "", hash = "", ...more] = text.split(":");
    const isGood = more.length === 0 && [realm, user, hash].every((part) => /^[\x21-\x7e ]+$/.test(part));
    // The text is a secret and not repeated; without it the app is open to nobody.
    if (!isGood)
      this.#problems.set(this.#name("AUTH"), "must be realm:user:encrypted-password; nobody is let in");
    return isGood ? { realm, user, hash } : { realm: "closed", user: "nobody", hash: "*" };
  }

  #path(name: string): string | undefined {
    const text = this.#text(name);
    return text !== undefined && this.#isGood(name, text, path.test(text), "a path") ? text : undefined;
  }

  #number(name: string, least: number, most: number): number | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const value = /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    const isGood = this.#isGood(
      name,
      text,
      value >= least && value <= most,
      `a number from ${least} to ${most}`,
    );
    return isGood ? value : undefined;
  }

  #isTrue(name: string): boolean {
    return isTrue(this.#text(name) ?? "");
  }

  #isGood(name: string, value: string, isGood: boolean, allowed: string): boolean {
    if (!isGood)
      this.#problems.set(this.#name(name), `must be ${allowed}, got ${JSON.stringify(value.slice(0, 100))}`);
    return isGood;
  }

  #text(name: string): string | undefined {
    return this.#app.labels[this.#name(name)]?.trim();
  }

  #name(name: string): string {
    return `HAPROXY_${this.#n}_${name}`;
  }
}

function words(text: string | undefined, between: RegExp = /\s*,\s*/): string[] {
  return (text ?? "").trim().split(between).filter(Boolean);
}

/** Whether a text says yes as marathon-lb takes it. */
export function isTrue(text: string): boolean {
  return /^(true|t|yes|y|1)$/i.test(text);
}

/** Whether a text is an IP address, or a network of them. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const most = isIP(address) === 4 ? 32 : 128;
  return (
    isIP(address) !== 0 &&
    more.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  );
}
