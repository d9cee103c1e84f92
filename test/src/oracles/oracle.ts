// SPDX-License-Identifier: Apache-2.0

/** A document of Marathon's own documentation or tests, and what Marathon answers for it; kept by hand, made by no code of ours. */
export interface Oracle {
  readonly title: string;
  /** Where it was read, in Marathon's repository. */
  readonly source: string;
  /** The whole document. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Fields that the answer has exactly so. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** Fields that the answer has not. */
  readonly absent?: readonly string[];
  /** Flags on which the answer depends: `--mesos_role`, `--default_network_name`. */
  readonly server?: { readonly role?: string; readonly defaultNetwork?: string };
}

/** A port mapping with everything that an answer fills in. */
export const mapping = (more: object = {}) => ({
  containerPort: 0,
  servicePort: 0,
  protocol: "tcp",
  labels: {},
  ...more,
});

/** Docker's part of a container with everything that an answer fills in. */
export const docker = (image: string, more: object = {}) => ({
  image,
  forcePullImage: false,
  privileged: false,
  parameters: [],
  ...more,
});

export const bridge = [{ mode: "container/bridge" }];
export const host = [{ mode: "host" }];
export const defaultDefinitions = [{ port: 0, protocol: "tcp", name: "default" }];
