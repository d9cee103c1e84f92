// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onInterrupt } from "./interrupt";

/** What the master says that refuses; its log's last line. */
export const refusal = "this member fails by the schedule";

/**
 * The name of each master that starts with the flag is noted at its first start; the one in the place that `fails-at` names
 * refuses, then and at every later start.
 */
const script = `#!/bin/sh
here=\${0%/*}
case " $* " in
  *" --offer_timeout=3mins "*)
    for argument; do case $argument in --ip=*) host=\${argument#--ip=};; esac; done
    mkdir "$here/$host" 2>/dev/null && echo "$host" >> "$here/reached"
    if [ "$(sed -n "$(cat "$here/fails-at")p" "$here/reached")" = "$host" ]; then echo "${refusal}"; exit 1; fi
esac
exec mesos-master "$@"
`;

/** An executable to put in the place of `mesos-master`, which fails at the k-th member that gets {@link FailingMaster.flag}. */
export class FailingMaster {
  static readonly flag = { name: "offer_timeout", value: "3mins" } as const;
  readonly #directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-master-"));
  /** Path of the executable. */
  readonly executable = path.join(this.#directory, "mesos-master-or-not");
  readonly #forget = onInterrupt(() => this.close());

  constructor() {
    writeFileSync(this.executable, script);
    chmodSync(this.executable, 0o755);
  }

  /** The next change fails at the `k`-th member that it reaches, 1 the first. */
  failAt(k: number): void {
    for (const host of this.reached) rmSync(path.join(this.#directory, host), { recursive: true });
    writeFileSync(path.join(this.#directory, "reached"), "");
    writeFileSync(path.join(this.#directory, "fails-at"), String(k));
  }

  /** Hosts of the members that the change has reached, in order; the last of `k` is the one that failed. */
  get reached(): string[] {
    const file = path.join(this.#directory, "reached");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  }

  close(): void {
    this.#forget();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
