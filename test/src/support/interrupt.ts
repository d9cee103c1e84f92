// SPDX-License-Identifier: Apache-2.0
const endings = new Set<() => unknown>();

/** Has `end` called should somebody interrupt the program; answers what takes that back. */
export function onInterrupt(end: () => unknown): () => void {
  endings.add(end);
  return () => endings.delete(end);
}

/** From now on Ctrl-C ends what runs for this program, too: engines and what they started are in groups of their own. */
export function endOnInterrupt(): void {
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    const ended = await Promise.allSettled([...endings].map(async (each) => each()));
    for (const one of ended) if (one.status === "rejected") console.error(one.reason);
    process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end());
}
