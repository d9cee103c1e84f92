// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import * as tls from "node:tls";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** The keystore of `--ssl_keystore_path`: key, certificate and, with them, whom to trust. */
export interface Keystore {
  readonly pfx: Buffer;
  readonly passphrase: string;
}

const jks = [0xfeedfeed, 0xcececece];

function refuse(path: string, problem: string): never {
  throw new MesosError("MESOS_SIMULATOR_KEYSTORE", `--ssl_keystore_path ${path}: ${problem}`);
}

/** Reads a PKCS12 keystore and makes sure that it can serve; any other kind is refused with what to do. */
export function readKeystore(path: string, passphrase: string): Keystore {
  let pfx: Buffer;
  try {
    pfx = readFileSync(path);
  } catch (error) {
    return refuse(path, messageOf(error));
  }
  const convert = `keytool -importkeystore -srckeystore ${path} -destkeystore marathon.p12 -deststoretype PKCS12`;
  if (pfx.length >= 4 && jks.includes(pfx.readUInt32BE(0))) {
    return refuse(path, `a JKS keystore cannot be read here, make it PKCS12: ${convert}`);
  }
  try {
    tls.createSecureContext({ pfx, passphrase });
  } catch (error) {
    const reason = messageOf(error);
    return refuse(
      path,
      reason.includes("nsupported")
        ? "encrypted in an outdated way, write it anew: openssl pkcs12 -export"
        : `cannot be opened as PKCS12 with the given password (${reason})`,
    );
  }
  return { pfx, passphrase };
}

/**
 * A TLS connection to another Marathon. Trusted is what the system trusts, what the keystore carries along, and the
 * keystore's own certificate, which all members of a cluster may share.
 */
export function connectTls(
  host: string,
  port: number,
  keystore: Keystore,
  options: { readonly timeoutMs: number; readonly ignoreHostname: boolean },
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port,
      ...keystore,
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: false, // judged below, because Node knows no certificate that is trusted by itself
      ...(options.ignoreHostname ? { checkServerIdentity: () => undefined } : {}),
    });
    const fail = (message: string) => {
      socket.destroy();
      reject(new MesosError("MESOS_SIMULATOR_PROXY", message, { retryable: true }));
    };
    socket.setTimeout(options.timeoutMs, () => fail("timeout"));
    socket.once("error", (error) => fail(messageOf(error)));
    socket.once("secureConnect", () => {
      const own = socket.getCertificate();
      const same =
        own !== null &&
        "fingerprint256" in own &&
        own.fingerprint256 === socket.getPeerCertificate().fingerprint256;
      if (!socket.authorized && !same) {
        fail(`its certificate is not trusted: ${String(socket.authorizationError)}`);
        return;
      }
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}
