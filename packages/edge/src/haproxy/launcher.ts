// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { ConfigFile, Files } from "./config-file";
import type { Master } from "./master";
import type { Runtime } from "./runtime";
import type { Check } from "./validate";
import type { Running } from "./worker";

/** How long a start may take. */
const startMs = 15_000;

export interface LauncherOptions {
  readonly master: Master;
  readonly runtime: Runtime;
  readonly check: Check;
  readonly file: ConfigFile;
  readonly clock: Clock;
  /** Called when a master ends that was started here. */
  readonly onExit: () => void;
}

/** Starts HAProxy where none runs, or none that is of any use. */
export class Launcher {
  readonly #o: LauncherOptions;

  constructor(o: LauncherOptions) {
    this.#o = o;
  }

  /** Starts HAProxy with `files`; why it refuses them, or nothing once it serves. One that did not start is asked why. */
  async start(
    { generation, shape }: Running,
    files: Files,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { master, runtime, check, file, onExit } = this.#o;
    await file.write(files);
    await master.start(onExit, signal);
    const serves = async (): Promise<boolean> => (await runtime.serving(generation, shape)) !== undefined;
    try {
      await Promise.all([master.record(), this.#until(serves, signal)]);
    } catch (error) {
      const reason = master.alive || signal.aborted ? undefined : await check(files.text, signal);
      if (reason === undefined) throw error;
      return reason;
    }
    return undefined;
  }

  /** Starts HAProxy with the file as it is, because no other can be written; `isFound` looks for its worker. */
  async startAsIs(isFound: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    await this.#o.master.start(this.#o.onExit, signal);
    await this.#until(isFound, signal);
  }

  async #until(isServing: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const { clock, master } = this.#o;
    for (const end = clock.now() + startMs; !(await isServing()); ) {
      if (!master.alive || clock.now() > end || signal.aborted) {
        throw new MesosError(
          "MESOS_EDGE_HAPROXY_START",
          `haproxy did not start: ${await master.lastWords()}`,
          { retryable: true },
        );
      }
      await clock.pause(10, signal);
    }
  }
}

/** Whether `error` says that there is no room or no way to write, now. */
export function isDiskFault(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && ["ENOSPC", "EDQUOT", "EROFS", "EFBIG", "EIO"].includes(code);
}
