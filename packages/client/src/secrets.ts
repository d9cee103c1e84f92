// SPDX-License-Identifier: Apache-2.0

/** Where documents of Marathon hold what their users may want to keep for themselves. */
const secretKeys = new Set(["env", "environment", "parameters"]);
/** Shorter ones stand in any text by chance. */
const shortest = 4;

/** The texts in a document that must not be shown: values of environments and of Docker's parameters. */
export function secretsIn(document: unknown, within = false): string[] {
  if (typeof document === "string") return within ? [document] : [];
  if (typeof document !== "object" || document === null) return [];
  return Object.entries(document).flatMap(([key, value]) => {
    return secretsIn(value, (within && key !== "key") || secretKeys.has(key));
  });
}

/** `text` without `secrets`, also where they stand in JSON, or in JSON within JSON. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= shortest);
  const written = new Set(long.flatMap((secret) => [secret, escaped(secret), escaped(escaped(secret))]));
  return [...written]
    .sort((a, b) => b.length - a.length)
    .reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
