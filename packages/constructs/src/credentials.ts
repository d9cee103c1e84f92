// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  basicAuthorization,
  bearerAuthorization,
  type Credential,
  credentialRole,
  type Door,
  deriveCredential,
  fingerprintOf,
  frameworkRole,
  type Service,
  type UserOf,
} from "@pulumi-mesos/model";
import { type Rule, validate } from "./invalid-args-error";
import type { NodeService } from "./platform";

/** Arguments of {@link Credentials}. */
export interface CredentialsArgs {
  /** What all of them derive from; 32 random bytes or more. */
  readonly secret: pulumi.Input<string>;
  /** Keeps those of two clusters in one stack apart. */
  readonly cluster: string;
}

const shortestSecret = 16;

/**
 * What opens the programs of one cluster, and to nobody else. All derive from one secret, so that they are known at the
 * first preview, and each opens one door alone.
 *
 * @example
 * const credentials = new mesos.Credentials({ secret: config.requireSecret("clusterSecret"), cluster: "demo" });
 * const zookeeper = new mesos.ZooKeeper("zk", { platform, size: 3, credentials });
 */
export class Credentials {
  /** Changes with the secret and tells nothing of it. */
  readonly fingerprint: pulumi.Output<string>;
  readonly #secret: pulumi.Output<string>;
  readonly #cluster: string;

  /** @param resource whose error it is when the secret is too short */
  constructor({ secret, cluster }: CredentialsArgs, resource?: pulumi.Resource) {
    this.#cluster = cluster;
    this.#secret = checkedSecret(secret, resource);
    this.fingerprint = pulumi.unsecret(this.#derived(`${cluster}/fingerprint`).apply(fingerprintOf));
  }

  /** The password of a user, or the token where a door knows tokens; secret. */
  password<D extends Door>(door: D, user: UserOf<D>): pulumi.Output<string> {
    return this.#derived(credentialRole(this.#cluster, door, user));
  }

  /** A user with its password; secret. */
  pair<D extends Door>(door: D, user: UserOf<D>): pulumi.Output<Credential> {
    return this.password(door, user).apply((password): Credential => ({ user, password }));
  }

  /** Several users of one door; secret. */
  pairs<D extends Door>(door: D, users: readonly UserOf<D>[]): pulumi.Output<Credential[]> {
    return pulumi.all(users.map((user) => this.pair(door, user))) as pulumi.Output<Credential[]>;
  }

  /**
   * Principal and secret of a framework of one's own, which the masters know by `security.frameworks`; secret.
   *
   * @example
   * const { user, password } = cluster.credentials.framework("my-framework");
   */
  framework(principal: string): pulumi.Output<Credential> {
    return this.#derived(frameworkRole(this.#cluster, principal)).apply(
      (password): Credential => ({ user: principal, password }),
    );
  }

  /** The header `Authorization` by which a program knows the operator; secret. */
  authorization(door: "mesos" | "agents" | "marathon" | "edge" | "groups"): pulumi.Output<string> {
    if (door === "edge" || door === "groups")
      return this.password(door, "operator").apply(bearerAuthorization);
    return this.pair(door, "operator").apply(basicAuthorization);
  }

  #derived(role: string): pulumi.Output<string> {
    const stack = { project: pulumi.getProject(), stack: pulumi.getStack() };
    return this.#secret.apply((secret) => deriveCredential(secret, stack, role));
  }
}

/** A secret that is long enough; else the error is the resource's. */
export function checkedSecret(
  secret: pulumi.Input<string>,
  resource: pulumi.Resource | undefined,
): pulumi.Output<string> {
  const checked = (text: string) => {
    validate(resource, [secretRule(text)]);
    return text;
  };
  return typeof secret === "string" ? pulumi.secret(checked(secret)) : pulumi.secret(secret).apply(checked);
}

/** What a secret is refused for. */
export function secretRule(secret: unknown): Rule {
  const length = typeof secret === "string" ? secret.length : 0;
  const message = `must be a text of ${shortestSecret} characters or more, because every credential derives from it, got ${length}; make one by: openssl rand -base64 32`;
  return { path: "secret", when: length < shortestSecret, message };
}

/** What a program is told in secret: variables by name, files by path below {conf}. */
export interface ServiceSecrets {
  readonly env?: Readonly<Record<string, pulumi.Output<string>>>;
  readonly files?: Readonly<Record<string, pulumi.Output<string>>>;
  /** Files that the program reads again by itself when they change. */
  readonly liveFiles?: Readonly<Record<string, pulumi.Output<string>>>;
  /** Files of bytes, in base64. */
  readonly binaryFiles?: Readonly<Record<string, pulumi.Output<string>>>;
}

/** A service with its secrets, if it has any. */
export function withSecrets(service: Service, ...all: readonly (ServiceSecrets | undefined)[]): NodeService {
  return all.reduce<NodeService>((known, secrets = {}) => withMore(known, secrets), service);
}

function withMore(service: NodeService, secrets: ServiceSecrets): NodeService {
  const files = Object.entries(secrets.files ?? {}).map(([path, content]) => ({ path, content }));
  const live = Object.entries(secrets.liveFiles ?? {}).map(([path, content]) => ({
    ...{ path, content },
    live: true,
  }));
  const binary = Object.entries(secrets.binaryFiles ?? {}).map(([path, content]) => ({
    ...{ path, content },
    encoding: "base64" as const,
  }));
  return {
    ...service,
    env: { ...service.env, ...secrets.env },
    files: [...service.files, ...files, ...live, ...binary],
  };
}
