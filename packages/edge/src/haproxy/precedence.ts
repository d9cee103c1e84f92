// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** As a `nice` value: a turn nine times as long as that of others who want one all the time. */
const first = -10;

/**
 * Lets HAProxy's turn at the processor come before others', as far as this program may say so (root or CAP_SYS_NICE).
 *
 * One that waits for a second after it opened connections takes them all for failed, and with them every task at once. Children
 * inherit it, so a master has it before it starts a worker. Where the kernel shares the processor among sessions
 * (`sched_autogroup_enabled`), only the value of its session counts.
 */
export function goFirst(pid: number): void {
  const nice = Math.min(first, getPriority());
  asFarAsAllowed(() => setPriority(pid, nice));
  asFarAsAllowed(() => writeFileSync(`/proc/${pid}/autogroup`, String(nice)));
}

/** It serves without that, too: a kernel without sessions has no such file, and most containers may not say it. */
function asFarAsAllowed(act: () => void): void {
  try {
    act();
  } catch (error) {
    const { code, info } = error as NodeJS.ErrnoException & { readonly info?: { readonly code: string } };
    if (!harmless.includes(info?.code ?? code ?? "")) throw error;
  }
}

const harmless: readonly string[] = ["EPERM", "EACCES", "ENOENT", "EROFS", "EAGAIN", "EINVAL", "ESRCH"];
