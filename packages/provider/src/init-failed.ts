// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import type { Properties } from "./resource";

/** What {@link InitFailedError} is made from. */
export interface InitFailed {
  readonly id: string;
  /** The inputs that what is there now is of. @default those that were asked for */
  readonly inputs?: Properties;
  /** What the state shall hold besides the inputs. */
  readonly outputs: Properties;
  /** In words why it is not as asked for. */
  readonly reasons: readonly string[];
  readonly cause?: unknown;
}

/** Something was made but is not as asked for: the engine keeps it, lists the reasons and calls update at the next `up`. */
export class InitFailedError extends MesosError {
  readonly initFailed: InitFailed;

  constructor(initFailed: InitFailed) {
    super("MESOS_PLUGIN_INIT_FAILED", initFailed.reasons.join("; "), { cause: initFailed.cause });
    this.initFailed = initFailed;
  }
}
