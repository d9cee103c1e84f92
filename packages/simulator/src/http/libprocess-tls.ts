// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { Agent, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import * as tls from "node:tls";
import { MesosError, messageOf } from "@pulumi-mesos/model";

type Environment = Readonly<Record<string, string | undefined>>;

/** How a program speaks TLS: as a server, and when it asks others. */
export interface LibprocessTls {
  readonly server: tls.TlsOptions;
  readonly dial: Agent;
}

/**
 * What `LIBPROCESS_SSL_*` say, as every program of Mesos 1.9 and newer reads it (docs/ssl.md); nothing where TLS is off.
 *
 * Fails with `MESOS_SIMULATOR_TLS` for what cannot work, and for what is not simulated: speaking without TLS at the same
 * port, names by DNS, and versions of TLS before 1.2.
 */
export function libprocessTls(env: Environment): LibprocessTls | undefined {
  const read = reader(env);
  if (!read.flag("ENABLED")) return undefined;
  for (const old of [
    "SUPPORT_DOWNGRADE",
    "ENABLE_DOWNGRADE",
    "ENABLE_SSL_V3",
    "ENABLE_TLS_V1_0",
    "ENABLE_TLS_V1_1",
  ])
    if (read.flag(old)) return refuse(old, "is not simulated; set it to false");
  const identity: tls.SecureContextOptions = {
    key: read.file("KEY_FILE") ?? refuse("KEY_FILE", "must name the file of the private key"),
    cert: read.file("CERT_FILE") ?? refuse("CERT_FILE", "must name the file of the certificate"),
    ca: read.file("CA_FILE"),
    ciphers: read.text("CIPHERS"),
    ecdhCurve: read.text("ECDH_CURVE") ?? "auto",
    ...versions(read.flag("ENABLE_TLS_V1_2", true), read.flag("ENABLE_TLS_V1_3")),
  };
  const requireClient = read.flag("REQUIRE_CLIENT_CERT") || read.flag("REQUIRE_CERT");
  const verify = requireClient || read.flag("VERIFY_SERVER_CERT") || read.flag("VERIFY_CERT");
  if (verify) checkVerification(read, identity.ca);
  let secureContext: tls.SecureContext;
  try {
    secureContext = tls.createSecureContext(identity);
  } catch (error) {
    return refuse("KEY_FILE, _CERT_FILE and _CA_FILE", `cannot be used: ${messageOf(error)}`, error);
  }
  return {
    server: { ...identity, requestCert: requireClient, rejectUnauthorized: requireClient },
    dial: new SecureAgent({ secureContext, rejectUnauthorized: verify }),
  };
}

interface Reader {
  text(name: string): string | undefined;
  flag(name: string, fallback?: boolean): boolean;
  file(name: string): string | undefined;
}

function reader(env: Environment): Reader {
  const text = (name: string): string | undefined => env[`LIBPROCESS_SSL_${name}`] || undefined;
  return {
    text,
    flag: (name, fallback = false) => {
      const value = text(name) ?? String(fallback);
      if (/^(true|1)$/.test(value)) return true;
      return /^(false|0)$/.test(value) ? false : refuse(name, `must be true or false, got ${value}`);
    },
    file: (name) => {
      const path = text(name);
      try {
        return path === undefined ? undefined : readFileSync(path, "utf8");
      } catch (error) {
        return refuse(name, `cannot be read: ${messageOf(error)}`, error);
      }
    },
  };
}

/** Mesos turns 1.3 on where it is told to, and 1.2 off. */
function versions(v12: boolean, v13: boolean): Pick<tls.SecureContextOptions, "minVersion" | "maxVersion"> {
  if (!v12 && !v13) return refuse("ENABLE_TLS_V1_2", "must be true, for no other version is on");
  return { minVersion: v12 ? "TLSv1.2" : "TLSv1.3", maxVersion: v13 ? "TLSv1.3" : "TLSv1.2" };
}

/** Programs find each other by addresses, whose certificates Mesos can only judge in this way. */
function checkVerification(read: Reader, ca: unknown): void {
  if (ca === undefined)
    refuse("CA_FILE", "must name the file of the authority, because certificates are verified");
  const scheme = read.text("HOSTNAME_VALIDATION_SCHEME") ?? "legacy";
  if (scheme !== "openssl")
    refuse(
      "HOSTNAME_VALIDATION_SCHEME",
      `must be openssl, because names by DNS are not simulated, got ${scheme}`,
    );
  if (!read.flag("VERIFY_IPADD"))
    refuse("VERIFY_IPADD", "must be true, because no connection to an address can succeed without");
}

function refuse(name: string, problem: string, cause?: unknown): never {
  throw new MesosError("MESOS_SIMULATOR_TLS", `LIBPROCESS_SSL_${name}: ${problem}`, { cause });
}

/** Makes TLS connections for `http://` URLs: whether there is TLS is a program's setting, not an address's. */
class SecureAgent extends Agent {
  readonly #options: tls.ConnectionOptions;

  constructor(options: tls.ConnectionOptions) {
    super({ keepAlive: true, maxSockets: 64, scheduling: "lifo" });
    this.#options = options;
  }

  override createConnection({ host, port }: ClientRequestArgs): Socket {
    return tls.connect({ ...this.#options, host: host ?? "127.0.0.1", port: Number(port) });
  }
}
