// SPDX-License-Identifier: Apache-2.0
import type { Flags } from "./flags";

/** Paths below {conf} of the files by which a program speaks TLS. */
export const tlsFiles = {
  key: "tls/key.pem",
  cert: "tls/cert.pem",
  /** Whom it believes. */
  ca: "tls/ca.pem",
  /** Key and certificate of who signs {@link key} and {@link cert} for an address that is known once its machine starts. */
  issuer: "tls/issuer.pem",
  /** Key and certificate, for programs that take one file. */
  pair: "tls/pair.pem",
  /** PKCS #12, for Java. */
  keystore: "tls/keystore.p12",
} as const;

/**
 * How every program of Mesos, Marathon's libmesos included, is told to speak nothing but TLS, and to believe nobody but
 * who has a certificate for its address (docs/ssl.md). Mesos 1.9 knows one variable by its older name alone, and overlooks
 * what it does not know; later ones take both. The usual ciphers are for keys of RSA, ours are ECDSA's.
 */
export const libprocessTls: Readonly<Record<string, string>> = {
  LIBPROCESS_SSL_ENABLED: "true",
  LIBPROCESS_SSL_SUPPORT_DOWNGRADE: "false",
  LIBPROCESS_SSL_KEY_FILE: `{conf}/${tlsFiles.key}`,
  LIBPROCESS_SSL_CERT_FILE: `{conf}/${tlsFiles.cert}`,
  LIBPROCESS_SSL_CA_FILE: `{conf}/${tlsFiles.ca}`,
  LIBPROCESS_SSL_VERIFY_SERVER_CERT: "true",
  LIBPROCESS_SSL_VERIFY_CERT: "true",
  LIBPROCESS_SSL_REQUIRE_CLIENT_CERT: "false",
  LIBPROCESS_SSL_HOSTNAME_VALIDATION_SCHEME: "openssl",
  LIBPROCESS_SSL_VERIFY_IPADD: "true",
  LIBPROCESS_SSL_CIPHERS: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
};

/** Whether a service of Mesos's speaks TLS. */
export function speaksTls({ env }: { readonly env: Readonly<Record<string, unknown>> }): boolean {
  return "LIBPROCESS_SSL_ENABLED" in env;
}

/** For {@link libprocessTls} below {conf}: an agent's executors get their environment from it, and speak to it by TLS, too. */
export const executorEnvironmentFile = "executor-environment.json";

/** The flag and the text of {@link executorEnvironmentFile}. */
export const executorTls = {
  flags: { executor_environment_variables: `file://{conf}/${executorEnvironmentFile}` } satisfies Flags,
  content: `${JSON.stringify(libprocessTls)}\n`,
} as const;
