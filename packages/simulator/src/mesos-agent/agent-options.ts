// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import type { AgentInfo } from "../protocol/types";
import type { Surroundings } from "../surroundings";
import type { Cgroups } from "./cgroups";
import type { Checkpoints } from "./checkpoint";
import type { Dockerd } from "./docker";
import type { AgentFlags } from "./flags";

/** What an agent's program gives its agent. */
export interface AgentOptions {
  readonly flags: AgentFlags;
  /** Without id. */
  readonly info: AgentInfo;
  /** `slave(1)@ip:port` */
  readonly pid: string;
  readonly ip: string;
  readonly checkpoints: Checkpoints;
  readonly docker: Dockerd;
  readonly cgroups: Cgroups | undefined;
  readonly clock: Clock;
  readonly path: string;
  readonly mark: string | undefined;
  readonly uuid: () => string;
  readonly log: (message: string) => void;
  /** The program ends. */
  readonly onExit: (code: number, message: string) => void;
  readonly around: Surroundings;
}
