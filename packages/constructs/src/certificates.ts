// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { deriveBytes, deriveCredential, tlsFiles } from "@pulumi-mesos/model";
import type { Identity } from "@pulumi-mesos/model/certificates";
import { checkedSecret, type ServiceSecrets } from "./credentials";
import { validate } from "./invalid-args-error";
import type { PoolAddresses } from "./platform";

/** An authority of the user's own: its certificate, which it has signed itself, and its private key, both in PEM. */
export interface CertificateAuthority {
  readonly cert: pulumi.Input<string>;
  readonly key: pulumi.Input<string>;
}

/** Arguments of {@link Certificates}. */
export interface CertificatesArgs {
  /** What every private key derives from; 32 random bytes or more. */
  readonly secret: pulumi.Input<string>;
  /** Keeps those of two clusters in one stack apart. */
  readonly cluster: string;
  /** Who signs: RSA, or ECDSA on P-256, P-384 or P-521. @default an authority that derives from the secret */
  readonly ca?: CertificateAuthority;
}

/**
 * The certificates by which the programs of one cluster speak TLS. All derive from one secret, so that they are known at
 * the first preview and change only with what they say; they are good for as long as the authority's own, which is until
 * the end of 2049 where that derives from the secret, too.
 *
 * @example
 * const tls = new mesos.Certificates({ secret: config.requireSecret("clusterSecret"), cluster: "demo" });
 * const masters = new mesos.Masters("masters", { platform, zookeeper, size: 3, tls });
 */
export class Certificates {
  /** The authority's certificate in PEM: whoever believes it believes the cluster's programs. */
  readonly ca: pulumi.Output<string>;
  readonly #secret: pulumi.Output<string>;
  readonly #cluster: string;
  readonly #authority: pulumi.Output<Identity>;

  /** @param resource whose error it is when the secret is too short, or the authority cannot sign */
  constructor({ secret, cluster, ca }: CertificatesArgs, resource?: pulumi.Resource) {
    this.#cluster = cluster;
    this.#secret = checkedSecret(secret, resource);
    this.#authority = ca === undefined ? this.#derivedAuthority() : givenAuthority(ca, resource);
    this.ca = pulumi.unsecret(this.#authority.cert);
  }

  /** The files of a program that reads PEM and is known by `names`. */
  files(member: string, names: readonly string[]): ServiceSecrets {
    const { cert, key } = this.#issued(member, names);
    return {
      files: {
        [tlsFiles.key]: key,
        [tlsFiles.cert]: pulumi.unsecret(cert),
        [tlsFiles.ca]: this.ca,
      },
    };
  }

  /** The files of a pool's members, which read PEM: one certificate for all, or what signs one for each. */
  pool(name: string, addresses: PoolAddresses): ServiceSecrets {
    if ("each" in addresses) return this.files(name, addresses.each);
    const { within } = addresses;
    const issuer = this.#derived(name, (authority, seed) =>
      issuing().issueAuthority(authority, { name, ranges: within }, seed),
    );
    return { files: { [tlsFiles.issuer]: pairOf(issuer), [tlsFiles.ca]: this.ca } };
  }

  /** As {@link files}, for a program that takes key and certificate in one. */
  pair(member: string, names: readonly string[]): ServiceSecrets {
    return { files: { [tlsFiles.pair]: pairOf(this.#issued(member, names)), [tlsFiles.ca]: this.ca } };
  }

  /** As {@link files}, and a keystore for Java that opens by the password in a variable. */
  keystore(member: string, names: readonly string[], variable: string): ServiceSecrets {
    const identity = this.#issued(member, names);
    const { files } = this.files(member, names);
    const password = this.#secret.apply((text) =>
      deriveCredential(text, here(), `${this.#cluster}/tls/${member}/keystore`),
    );
    const bytes = pulumi.all([identity, this.ca, password]).apply(([own, ca, opens]) => {
      const { keystore } = issuing();
      return keystore(own, ca, member, opens).toString("base64");
    });
    return { env: { [variable]: password }, files, binaryFiles: { [tlsFiles.keystore]: bytes } };
  }

  #derivedAuthority(): pulumi.Output<Identity> {
    return this.#secret.apply((text) => {
      const { deriveAuthority, keySeedLength } = issuing();
      const seed = deriveBytes(text, here(), `${this.#cluster}/tls/authority`, keySeedLength);
      return deriveAuthority(`${this.#cluster} of ${here().project}/${here().stack}`, seed);
    });
  }

  #issued(member: string, names: readonly string[]): pulumi.Output<Identity> {
    return this.#derived(member, (authority, seed) =>
      issuing().issue(authority, { name: member, names }, seed),
    );
  }

  /** What the authority signs for a key that is a member's own. */
  #derived(
    member: string,
    sign: (authority: Identity, seed: Uint8Array) => Identity,
  ): pulumi.Output<Identity> {
    return pulumi.all([this.#secret, this.#authority]).apply(([text, authority]) => {
      const role = `${this.#cluster}/tls/${member}`;
      return sign(authority, deriveBytes(text, here(), role, issuing().keySeedLength));
    });
  }
}

function givenAuthority(
  { cert, key }: CertificateAuthority,
  resource: pulumi.Resource | undefined,
): pulumi.Output<Identity> {
  const checked = (authority: Identity): Identity => {
    const message = issuing().authorityFault(authority);
    validate(resource, [{ path: "security.tls.ca", when: message !== undefined, message: message ?? "" }]);
    return authority;
  };
  if (typeof cert === "string" && typeof key === "string") return pulumi.secret(checked({ cert, key }));
  return pulumi.all([cert, pulumi.secret(key)]).apply(([of, by]) => checked({ cert: of, key: by }));
}

function pairOf({ key, cert }: pulumi.Output<Identity>): pulumi.Output<string> {
  return pulumi.interpolate`${key}${cert}`;
}

function here(): { project: string; stack: string } {
  return { project: pulumi.getProject(), stack: pulumi.getStack() };
}

/** It takes a while to load, so it is loaded only where a cluster speaks TLS. */
function issuing(): typeof import("@pulumi-mesos/model/certificates") {
  return require("@pulumi-mesos/model/certificates") as typeof import("@pulumi-mesos/model/certificates");
}
