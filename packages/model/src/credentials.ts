// SPDX-License-Identifier: Apache-2.0
import { createHash, hkdfSync } from "node:crypto";
import { Type } from "@sinclair/typebox";

/**
 * A credential derived from the cluster secret: HKDF-SHA-256 (RFC 5869) with the stack as salt and the role as info.
 *
 * Because it is derived it is known at the very first preview, and differs for each stack and role.
 *
 * @returns 43 characters of base64url, 256 bits.
 */
export function deriveCredential(
  secret: string,
  stack: { project: string; stack: string },
  role: string,
): string {
  return deriveBytes(secret, stack, role, 32).toString("base64url");
}

/** As {@link deriveCredential}, so many bytes. */
export function deriveBytes(
  secret: string,
  stack: { project: string; stack: string },
  role: string,
  length: number,
): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, `${stack.project}/${stack.stack}`, role, length));
}

/**
 * The programs of a cluster that ask for a credential, and who has one there. Nobody's opens another door, so that a
 * machine that is lost loses its own alone.
 */
export const doors = {
  /** Digest users of ZooKeeper; what one makes is nobody else's to change. */
  zookeeper: ["operator", "masters", "agents", "marathon", "edge", "groups"],
  /** ZooKeeper's servers among themselves (SASL). */
  peers: ["zookeeper"],
  /** Principals of the masters. */
  mesos: ["operator", "groups", "marathon", "agents"],
  /** HTTP of the agents. */
  agents: ["operator"],
  /** HTTP of Marathon, which knows one user. */
  marathon: ["operator"],
  /** Token of the edge's API, and password of HAProxy's statistics. */
  edge: ["operator", "stats"],
  /** Token of the group controller's status. */
  groups: ["operator"],
} as const;

export type Door = keyof typeof doors;
export type UserOf<D extends Door> = (typeof doors)[D][number];

/** What {@link deriveCredential} is told for a user's password at a door of a cluster. */
export function credentialRole<D extends Door>(cluster: string, door: D, user: UserOf<D>): string {
  return `${cluster}/${door}/${user}`;
}

/** What {@link deriveCredential} is told for the secret of a framework of one's own at the masters of a cluster. */
export function frameworkRole(cluster: string, principal: string): string {
  return `${cluster}/frameworks/${principal}`;
}

/** A user with its password. */
export interface Credential {
  readonly user: string;
  readonly password: string;
}

/** What a member that answers nobody else is told. */
export const Authorization = Type.String({
  description: "Header `Authorization` for members that ask who one is; secret.",
});

/** Whom members that speak TLS are believed by. */
export const MembersAuthority = Type.String({
  description:
    "Certificates in PEM of the authorities that may sign the members' own: then they are asked by TLS. Plain HTTP without.",
});

/** The header of HTTP basic authentication. */
export function basicAuthorization({ user, password }: Credential): string {
  return `Basic ${Buffer.from(userAndPassword({ user, password })).toString("base64")}`;
}

/** The header of a token. */
export function bearerAuthorization(token: string): string {
  return `Bearer ${token}`;
}

/** The text of a file for `--credentials` of `mesos-master` and `--http_credentials` of `mesos-agent`. */
export function credentialsFile(credentials: readonly Credential[]): string {
  return `${JSON.stringify({ credentials: credentials.map(principalAndSecret) })}\n`;
}

/** The text of a file for `--credential` of `mesos-agent`. */
export function credentialFile(credential: Credential): string {
  return `${JSON.stringify(principalAndSecret(credential))}\n`;
}

function principalAndSecret({ user, password }: Credential): { principal: string; secret: string } {
  return { principal: user, secret: password };
}

/** A plain `zk://host:port,host:port/path` with who one is there, as Mesos and Marathon take it; other URLs as they are. */
export function zookeeperUrl({ user, password }: Credential, url: string): string {
  return url.replace(/^zk:\/\//, () => `zk://${user}:${password}@`);
}

/** How ZooKeeper names a user of its digest scheme in access lists. */
export function zookeeperId(credential: Credential): string {
  const digest = createHash("sha1").update(userAndPassword(credential)).digest("base64");
  return `${credential.user}:${digest}`;
}

/** `user:password`. */
export function userAndPassword({ user, password }: Credential): string {
  return `${user}:${password}`;
}

/**
 * A value by which a changed secret is noticed without telling anything of it, because it derives from it as a
 * credential of its own.
 */
export function fingerprintOf(credential: string): string {
  return createHash("sha256").update(credential).digest("hex").slice(0, 16);
}
