// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import {
  basicAuthorization,
  bearerAuthorization,
  credentialRole,
  type Door,
  deriveBytes,
  deriveCredential,
  doors,
  frameworkRole,
  type StackName,
  type UserOf,
} from "@pulumi-mesos/model";
import { deriveAuthority, keySeedLength } from "@pulumi-mesos/model/certificates";

/** What opens a closed cluster's programs, as whoever knows its secret can tell. */
export class ClusterKeys {
  /** Every password and token by its role. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Whom its programs are believed by, where they speak TLS: a certificate in PEM. */
  readonly ca: string;
  readonly #cluster: string;

  /** @param frameworks principals of frameworks of one's own */
  constructor(stack: StackName, secret: string, cluster = "demo", frameworks: readonly string[] = []) {
    this.#cluster = cluster;
    const seed = deriveBytes(secret, stack, `${cluster}/tls/authority`, keySeedLength);
    this.ca = deriveAuthority(`${cluster} of ${stack.project}/${stack.stack}`, seed).cert;
    const roles = (Object.keys(doors) as Door[]).flatMap((door) =>
      doors[door].map((user) => credentialRole(cluster, door, user as UserOf<typeof door>)),
    );
    roles.push(...frameworks.map((principal) => frameworkRole(cluster, principal)));
    this.passwords = new Map(roles.map((role) => [role, deriveCredential(secret, stack, role)]));
  }

  password<D extends Door>(door: D, user: UserOf<D>): string {
    const found = this.passwords.get(credentialRole(this.#cluster, door, user));
    assert.ok(found);
    return found;
  }

  /** The secret of a framework of one's own. */
  framework(principal: string): string {
    const found = this.passwords.get(frameworkRole(this.#cluster, principal));
    assert.ok(found);
    return found;
  }

  /** The header `Authorization` of a user of HTTP basic authentication. */
  basic<D extends "mesos" | "agents" | "marathon">(door: D, user: UserOf<D>): string {
    return basicAuthorization({ user, password: this.password(door, user) });
  }

  /** The header `Authorization` of whoever has the token. */
  bearer(door: "edge" | "groups"): string {
    return bearerAuthorization(this.password(door, "operator"));
  }

  /** Roles of those that `text` holds. */
  shownIn(text: string): string[] {
    return [...this.passwords].filter(([, password]) => text.includes(password)).map(([role]) => role);
  }
}
