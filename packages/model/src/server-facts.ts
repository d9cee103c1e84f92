// SPDX-License-Identifier: Apache-2.0

/** What a Marathon's answers depend on besides the document; read from `GET /v2/info`. */
export interface ServerFacts {
  /** Marathon's version, for example `1.10.26`. */
  readonly version: string;
  /** The role of apps that name none: `--mesos_role`, or the top-level group's name where that is enforced. */
  readonly role: string;
  /** Whether the top-level group of a group's document enforces its role, where the document does not say. @default false */
  readonly enforceRole?: boolean;
  /** `--default_network_name`. */
  readonly defaultNetwork?: string;
}

/** A Marathon 1.10 without flags. */
export const defaultServerFacts: ServerFacts = { version: "1.10.26", role: "*" };

/** Whether `version` is Marathon 1.`minor` or later; a version that cannot be read counts as the latest. */
export function atLeast(version: string, minor: number): boolean {
  const parts = /^v?(\d+)\.(\d+)/.exec(version);
  if (parts === null) return true;
  const [major, given] = [Number(parts[1]), Number(parts[2])];
  return major > 1 || (major === 1 && given >= minor);
}
