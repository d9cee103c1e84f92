// SPDX-License-Identifier: Apache-2.0

/** The engine that everything here is tried with, and the oldest that will do. */
export const engineVersion = "3.245.0";

/** The numbers of a release such as `v3.245.0`; undefined for what is none. */
export function parseVersion(text) {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(?:\+\S*)?$/.exec(text.trim());
  return match ? { numbers: match.slice(1, 4).map(Number), prerelease: match[4] !== undefined } : undefined;
}

/** Whether an engine can run this project: the same major, and not older. A prerelease comes before its release. */
export function fits(text, minimum = engineVersion) {
  const version = parseVersion(text);
  const { numbers: least } = parseVersion(minimum);
  if (version === undefined || version.numbers[0] !== least[0]) return false;
  const difference = version.numbers.map((number, i) => number - least[i]).find((value) => value !== 0) ?? 0;
  return difference > 0 || (difference === 0 && !version.prerelease);
}

/** The version that a go.mod requires of a module. */
export function requiredVersion(goMod, module) {
  const line = goMod.split("\n").find((text) =>
    text
      .replace(/^require/, "")
      .trim()
      .startsWith(`${module} `),
  );
  return line?.trim().split(" ").at(-1);
}
