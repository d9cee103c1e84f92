// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { MesosError } from "@pulumi-mesos/model";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Secrets by principal. */
export type Credentials = ReadonlyMap<string, string>;

export interface Credential {
  readonly principal: string;
  readonly secret: string;
}

const principals = new WeakMap<FastifyRequest, string>();

/** Who asks, where that was authenticated. */
export function principalOf(request: FastifyRequest): string | undefined {
  return principals.get(request);
}

/** A flag's `{"credentials": [{"principal", "secret"}]}`, itself or in the file that it names; never quoted in errors. */
export function parseCredentials(text: string): Credentials {
  const { credentials } = jsonOf(text) as { credentials?: unknown };
  if (!Array.isArray(credentials)) {
    throw new MesosError(
      "MESOS_SIMULATOR_FLAG",
      'expected JSON: {"credentials": [{"principal": …, "secret": …}]}',
    );
  }
  return new Map(credentials.map((one: unknown) => credentialOf(one)).map((c) => [c.principal, c.secret]));
}

/** A flag's `{"principal", "secret"}`, itself or in the file that it names. */
export function parseCredential(text: string): Credential {
  return credentialOf(jsonOf(text));
}

/** What /flags shows of a flag whose file holds secrets. */
export function fileOnly(text: string): string {
  return text.startsWith("file://") || text.startsWith("/") ? text : "***";
}

function jsonOf(text: string): object {
  const content = text.startsWith("/") ? readFileSync(text, "utf8") : text;
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // What it was is not said: it may be a secret.
  }
  throw new MesosError("MESOS_SIMULATOR_FLAG", "expected a JSON object or the path of a file with one");
}

function credentialOf(value: unknown): Credential {
  const { principal, secret } = (value ?? {}) as Partial<Credential>;
  if (typeof principal !== "string" || principal === "" || typeof secret !== "string") {
    throw new MesosError("MESOS_SIMULATOR_FLAG", "a credential needs 'principal' and 'secret'");
  }
  return { principal, secret };
}

/** Asks for HTTP Basic credentials wherever `realmOf` names a realm; answers 401 as libprocess does. */
export function basicAuthentication(
  credentials: Credentials,
  realmOf: (path: string) => string | undefined,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    // The route's own path, because a URL can say the same path in many ways.
    const realm = realmOf(request.routeOptions.url ?? request.url.split("?")[0] ?? "");
    if (realm === undefined) return;
    const principal = known(credentials, request.headers.authorization);
    if (principal !== undefined) {
      principals.set(request, principal);
      return;
    }
    await reply
      .code(401)
      .header("www-authenticate", `Basic realm="${realm}"`)
      .type("text/plain")
      .send("401 Unauthorized.");
  };
}

function known(credentials: Credentials, header: string | undefined): string | undefined {
  const encoded = /^Basic\s+(\S+)\s*$/i.exec(header ?? "")?.[1];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  const principal = text.slice(0, Math.max(0, colon));
  const secret = credentials.get(principal);
  return secret !== undefined && colon >= 0 && same(secret, text.slice(colon + 1)) ? principal : undefined;
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Shows that one knows a secret without saying it: fresh by the other side's nonce. */
export function proofOf(secret: string, nonce: string, about: string): string {
  return createHmac("sha256", secret).update(`${nonce}\n${about}`).digest("base64");
}

export function proves(secret: string | undefined, nonce: string, about: string, proof: string): boolean {
  return secret !== undefined && same(proofOf(secret, nonce, about), proof);
}
