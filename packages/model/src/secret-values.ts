// SPDX-License-Identifier: Apache-2.0
import { formatPath, type Segments } from "./property-path";
import { isRecord } from "./schema-view";

/** Maps whose keys say what their values are. */
const namedMaps = new Set(["env", "environment", "labels"]);

/** Words that make a name one of a secret, wherever they stand in it. */
const words = new Set([
  ...["pass", "passwd", "password", "passwords", "passphrase", "pwd", "pw", "pin"],
  ...["secret", "secrets", "token", "tokens", "jwt", "cookie", "salt"],
  ...["credential", "credentials", "cred", "creds"],
  ...["apikey", "apikeys", "accesskey", "authkey", "privatekey", "secretkey"],
]);
/** What makes a `key` a secret one when it stands right before it. */
const keyKinds = new Set([
  ...["access", "account", "api", "app", "auth", "encryption", "hmac", "license", "master"],
  ...["private", "service", "session", "signing", "storage", "write"],
]);
/** Words of names that nobody parts, such as `PGPASSWORD`. */
const endings = /(password|passwd|passphrase|secret|token|apikey|accesskey|privatekey)$/;
/** Last words of names that tell something about a secret, not the secret. */
const about = new Set([
  ...["file", "path", "dir", "name", "type", "ttl", "length", "expiry", "expires", "lifetime", "timeout"],
  ...["seconds", "minutes", "hours", "days", "enabled", "required", "algorithm"],
]);

/** `scheme://user:password@host`, the key blocks of PEM, and an Authorization header. */
const secretText =
  /\w:\/\/[^\s/:@]*:[^\s/@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(Basic|Bearer) [\w+/=.-]{8,}/;

/** Whether a variable or label of this name holds a secret: `DB_PASSWORD`, `apiKey`, but not `TOKEN_TTL`. */
export function isSecretName(name: string): boolean {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  if (about.has(parts.at(-1) ?? "")) return false;
  return parts.some(
    (part, i) =>
      words.has(part) || endings.test(part) || (part === "key" && keyKinds.has(parts[i - 1] ?? "")),
  );
}

/**
 * Where in an app, group or pod a string looks like a secret: by its name in `env`, `environment`, `labels` and Docker's
 * `--env`, elsewhere when it is a URL with a password, a private key or an Authorization header. A guess, made to err
 * on the safe side; references such as `{ secret: "name" }` are none.
 */
export function secretPaths(document: object): Segments[] {
  const found: Segments[] = [];
  visit(document, [], found);
  return found;
}

/** {@link secretPaths} as Pulumi property paths. */
export function secretPropertyPaths(document: object): string[] {
  return secretPaths(document).map(formatPath);
}

function visit(value: unknown, at: Segments, found: Segments[]): void {
  if (typeof value === "string") {
    if (isSecretAt(value, at)) found.push(at);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) visit(item, [...at, i], found);
  } else if (isRecord(value)) {
    for (const [key, item] of Object.entries(value)) visit(item, [...at, key], found);
  }
}

function isSecretAt(value: string, at: Segments): boolean {
  if (value === "" || value === "true" || value === "false") return false;
  if (secretText.test(value)) return true;
  const [map, name] = at.slice(-2);
  if (typeof map === "string" && namedMaps.has(map)) return typeof name === "string" && isSecretName(name);
  // docker run --env NAME=value
  const variable =
    at.includes("parameters") && name === "value" ? /^([A-Za-z_]\w*)=./.exec(value)?.[1] : undefined;
  return variable !== undefined && isSecretName(variable);
}
