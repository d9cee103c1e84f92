// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "./clock";

export const logLevels = ["trace", "debug", "info", "warn", "error", "off"] as const;
export type LogLevel = (typeof logLevels)[number];

const program = "mesosphere.marathon";
const requests = "mesosphere.marathon.api";

/** The levels of the program's loggers, which `/logging` shows and changes while it runs. */
export class Logging {
  readonly #clock: Clock;
  readonly #write: (message: string) => void;
  readonly #levels: Map<string, LogLevel | undefined>;
  #cancels = new Map<string, () => void>();

  constructor(clock: Clock, write: (message: string) => void, level: LogLevel = "info") {
    this.#clock = clock;
    this.#write = write;
    this.#levels = new Map([
      ["ROOT", level],
      [program, undefined],
      [requests, undefined],
    ]);
  }

  /** What the program says of itself. */
  readonly info = (message: string): void => this.#log(program, "info", message);

  /** One line a request. */
  request(message: string): void {
    this.#log(requests, "debug", message);
  }

  /** Level by logger; one without a level of its own says whose it has. */
  list(): Record<string, string> {
    return Object.fromEntries(
      [...this.#levels].map(([logger, level]) => [
        logger,
        level === undefined ? `${this.#effective(logger).toUpperCase()} (inherited)` : level.toUpperCase(),
      ]),
    );
  }

  /** Sets a level; with a duration the former one comes back after it. */
  change(logger: string, level: LogLevel, durationSeconds?: number): void {
    this.#cancels.get(logger)?.();
    this.#cancels.delete(logger);
    const before = this.#levels.get(logger);
    this.#levels.set(logger, level);
    if (durationSeconds === undefined) return;
    const back = this.#clock.after(durationSeconds * 1000, () => {
      this.#cancels.delete(logger);
      this.#levels.set(logger, before);
    });
    this.#cancels.set(logger, back);
  }

  close(): void {
    for (const cancel of this.#cancels.values()) cancel();
  }

  #effective(logger: string): LogLevel {
    const parts = logger.split(".");
    for (let n = parts.length; n > 0; n--) {
      const level = this.#levels.get(parts.slice(0, n).join("."));
      if (level !== undefined) return level;
    }
    return this.#levels.get("ROOT") ?? "info";
  }

  #log(logger: string, level: LogLevel, message: string): void {
    if (logLevels.indexOf(level) >= logLevels.indexOf(this.#effective(logger))) this.#write(message);
  }
}
