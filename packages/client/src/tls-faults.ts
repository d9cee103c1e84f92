// SPDX-License-Identifier: Apache-2.0
import { type ConnectionOption, type ConnectionOptions, messageOf } from "@pulumi-mesos/model";
import { errorCode, TlsError } from "./errors";

interface Fault {
  /** OpenSSL's and Node's codes, and words of messages where the code says only `EPROTO`. */
  readonly when: RegExp;
  readonly message: (o: { host: string; error: unknown; name: Name; given: ConnectionOptions }) => string;
}
type Name = (option: ConnectionOption) => string;

const faults: readonly Fault[] = [
  {
    when: /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA/,
    message: ({ host, name, given }) => {
      const known = given.ca === undefined ? "this machine does not trust" : `${name("ca")} does not hold`;
      return `${host} shows a certificate of an authority that ${known}; give that authority's certificate in PEM as ${name("ca")}`;
    },
  },
  {
    when: /CERT_HAS_EXPIRED/,
    message: ({ host }) => `the certificate of ${host}, or of its authority, has expired; renew it there`,
  },
  {
    when: /CERT_NOT_YET_VALID/,
    message: ({ host }) => `the certificate of ${host} is not valid yet; compare the clocks of both machines`,
  },
  {
    when: /ERR_TLS_CERT_ALTNAME_INVALID/,
    message: ({ host, error }) =>
      `the certificate of ${host} is for other names (${namesIn(error)}); use one of them in the URL, or a certificate for this one`,
  },
  {
    when: /alert.*(certificate|unknown.ca|handshake.failure|access.denied)/i,
    message: ({ host, name, given }) =>
      given.cert === undefined
        ? `${host} asks for a certificate of the client; give ${name("cert")} and ${name("key")} in PEM`
        : `${host} refuses the certificate in ${name("cert")}; give one of an authority that it trusts, with those between`,
  },
  {
    when: /wrong.version.number|packet.length.too.long|http.request/i,
    message: ({ host }) => `${host} does not speak TLS; write http://${host}, or the port of its HTTPS`,
  },
  {
    when: /unsupported.protocol|alert.protocol.version|no.protocols.available/i,
    message: ({ host }) =>
      `${host} and this client have no version of TLS in common; let it speak TLS 1.2 or 1.3`,
  },
  { when: /^HPE_/, message: ({ host }) => `${host} does not answer in HTTP; does it want https://?` },
];

/** The error of a connection to `url` in the user's words, when TLS or its lack is the cause. */
export function tlsError(
  url: string,
  error: unknown,
  given: ConnectionOptions,
  name: Name,
): TlsError | undefined {
  const text = `${errorCode(error) ?? ""} ${messageOf(error)}`;
  const host = new URL(url).host;
  const fault = faults.find(({ when }) => when.test(text));
  if (fault !== undefined) return new TlsError(fault.message({ host, error, name, given }), error);
  if (!/EPROTO|ERR_O?SSL|ERR_TLS/.test(text)) return undefined;
  return new TlsError(`no TLS with ${host}: ${messageOf(error)}`, error);
}

/** The names that Node found in the certificate. */
function namesIn(error: unknown): string {
  return (
    /cert's (?:list|altnames|CN): (.*?)(?: \(\S+\))?$/.exec(messageOf(error))?.[1] ?? "which, it does not say"
  );
}
