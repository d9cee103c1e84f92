// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CrashPoint } from "./crash-proxy";
import { onInterrupt } from "./interrupt";

/** A directory whose `pulumi-resource-mesos` is the plugin behind a proxy that can end the engine at one call. */
export class CrashPlugin {
  readonly directory: string;
  readonly #file: string;
  readonly #forget = onInterrupt(() => this.remove());

  constructor() {
    this.directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-crash-"));
    this.#file = path.join(this.directory, "crash.json");
    const executable = path.join(this.directory, "pulumi-resource-mesos");
    const proxy = path.join(__dirname, "crash-proxy.js");
    writeFileSync(
      executable,
      `#!/bin/sh\nexport CRASH_FILE='${this.#file}'\nexec '${process.execPath}' '${proxy}' "$@"\n`,
    );
    chmodSync(executable, 0o755);
  }

  /** The next run ends at this point. */
  arm(point: CrashPoint): void {
    rmSync(`${this.#file}.fired`, { force: true });
    writeFileSync(`${this.#file}.new`, JSON.stringify(point));
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** Every kind of changing call so far, such as `Create mesos:local:Volume`, each once. */
  get calls(): string[] {
    const log = `${this.#file}.calls`;
    if (!existsSync(log)) return [];
    return [...new Set(readFileSync(log, "utf8").trim().split("\n"))].sort();
  }

  /** Where the last run ended, as `after the work: Create mesos:local:Volume`. */
  get fired(): string | undefined {
    const fired = `${this.#file}.fired`;
    return existsSync(fired) ? readFileSync(fired, "utf8") : undefined;
  }

  disarm(): void {
    rmSync(this.#file, { force: true });
  }

  remove(): void {
    this.#forget();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
