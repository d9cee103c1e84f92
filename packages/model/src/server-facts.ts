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

/** {@link ServerFacts} as a state keeps them: what is left out is as in {@link defaultServerFacts}. */
export type KeptFacts = Partial<ServerFacts>;

/** The last minor version that changed what a document means. */
const lastMinor = 9;

/**
 * What a state has to keep of `facts`: nothing of a Marathon 1.9 or later without flags. The engine writes the whole
 * state twice a step, so what a thousand apps have in common would cost more than it says.
 */
export function keptFacts({ version, role, ...others }: ServerFacts): KeptFacts | undefined {
  const kept = Object.entries({
    version: atLeast(version, lastMinor) ? undefined : version,
    role: role === defaultServerFacts.role ? undefined : role,
    ...others,
  }).filter(([, fact]) => fact !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** The facts that `kept` stands for. */
export function knownFacts(kept: KeptFacts | undefined): ServerFacts {
  return { ...defaultServerFacts, ...kept };
}

/** Whether `version` is Marathon 1.`minor` or later; a version that cannot be read counts as the latest. */
export function atLeast(version: string, minor: number): boolean {
  const parts = /^v?(\d+)\.(\d+)/.exec(version);
  if (parts === null) return true;
  const [major, given] = [Number(parts[1]), Number(parts[2])];
  return major > 1 || (major === 1 && given >= minor);
}
