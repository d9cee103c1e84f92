// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** How a server is reached: who one is there, and whom one believes. */
export interface ConnectionOptions {
  /** Of HTTP basic authentication. */
  readonly user?: string;
  readonly password?: string;
  /** Sent as `Authorization: token=<token>`, as DC/OS wants it; one that names its scheme (`Bearer abc`) is sent as it is. */
  readonly token?: string;
  /** Certificates in PEM of the authorities that are trusted, instead of those that the machine trusts. */
  readonly ca?: string;
  /** Certificate in PEM that the client shows, with those between it and its authority. */
  readonly cert?: string;
  /** Private key in PEM of `cert`. */
  readonly key?: string;
  /** Takes any certificate of the server: then anybody on the way can read and change everything. @default false */
  readonly insecure?: boolean;
}

export type ConnectionOption = keyof ConnectionOptions;

/** One thing wrong with {@link ConnectionOptions}. */
export interface ConnectionFault {
  readonly option: ConnectionOption;
  readonly message: string;
}

type Given = { readonly [K in ConnectionOption]?: unknown };

/**
 * Everything wrong with how servers are to be reached; never shows a value. What is not known yet (`computed`) counts
 * as right.
 *
 * @param urls undefined while they are not known
 * @param name what the user calls an option
 */
export function connectionFaults(
  o: Given,
  urls: readonly string[] | undefined,
  name: (option: ConnectionOption) => string = (option) => option,
): ConnectionFault[] {
  const given = (option: ConnectionOption): boolean => o[option] !== undefined && o[option] !== null;
  const faults: ConnectionFault[] = [];
  const fault = (option: ConnectionOption, message: string): void => void faults.push({ option, message });
  const together = (one: ConnectionOption, other: ConnectionOption): void => {
    if (given(one) === given(other)) return;
    const [there, missing] = given(one) ? [one, other] : [other, one];
    fault(there, `${name(one)} and ${name(other)} go together; give ${name(missing)} too`);
  };
  together("user", "password");
  together("cert", "key");
  if (given("token") && given("user")) {
    fault("token", `${name("token")} and ${name("user")} exclude each other; keep one of them`);
  }
  if (typeof o.user === "string" && o.user.includes(":")) {
    fault("user", "must not contain a colon: HTTP basic authentication cannot carry it");
  }
  if (typeof o.token === "string" && !/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(o.token)) {
    fault("token", "must be one line of visible ASCII characters, without spaces or line ends around it");
  }
  faults.push(...pemFaults(o, name));
  if (o.insecure === true && given("ca")) {
    fault("insecure", `takes any certificate, so ${name("ca")} has no use; remove one of them`);
  }
  const secure = urls?.some((url) => /^https:/i.test(url)) ?? true;
  for (const option of ["ca", "cert", "insecure"] as const) {
    if (secure || !given(option) || o[option] === false) continue;
    fault(option, "has no use, because no URL begins with https://; correct the URLs or remove it");
  }
  return faults;
}

function pemFaults(o: Given, name: (option: ConnectionOption) => string): ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const certificates = (option: "ca" | "cert"): X509Certificate | undefined => {
    const found = certificatesIn(o[option]);
    if (typeof found === "string") faults.push({ option, message: found });
    return typeof found === "string" ? undefined : found?.[0];
  };
  certificates("ca");
  const cert = certificates("cert");
  const key = privateKeyIn(o.key);
  if (typeof key === "string") faults.push({ option: "key", message: key });
  else if (cert && key && !cert.checkPrivateKey(key)) {
    faults.push({ option: "key", message: `is not the key of the first certificate in ${name("cert")}` });
  }
  return faults;
}

/** The certificates in `text`, or what is wrong with it; undefined for what is no text or not known. */
function certificatesIn(text: unknown): X509Certificate[] | string | undefined {
  if (typeof text !== "string") return undefined;
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return notPem("-----BEGIN CERTIFICATE-----", text);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return "holds a certificate that cannot be read; is it cut off, or are its line ends lost?";
  }
}

function privateKeyIn(text: unknown): KeyObject | string | undefined {
  if (typeof text !== "string") return undefined;
  if (!/-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/.test(text)) return notPem("-----BEGIN PRIVATE KEY-----", text);
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    return "is encrypted; decrypt it (openssl pkey -in key.pem) and give it as a secret";
  }
  try {
    return createPrivateKey(text);
  } catch {
    return "holds a key that cannot be read; is it cut off, or are its line ends lost?";
  }
}

function notPem(begin: string, text: string): string {
  const path =
    text.length < 200 && !text.includes("\n") ? "; a path is not read: give the file's content" : "";
  return `must be PEM, beginning with ${begin}${path}`;
}
