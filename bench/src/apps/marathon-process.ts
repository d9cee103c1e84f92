// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** A simulated Marathon that runs as a process of its own. */
export interface MarathonProcess {
  readonly url: string;
  /** HTTP requests that Marathon has had since its start. */
  requests(): Promise<number>;
  close(): Promise<void>;
}

/** Starts an empty Marathon on `network` (three numbers that begin with 127). */
export async function startMarathon(network: string, agents: number): Promise<MarathonProcess> {
  const program = path.join(__dirname, "marathon-program.js");
  const child = fork(program, [network, String(agents)], { stdio: ["ignore", 2, 2, "ipc"] });
  const ended = once(child, "exit");
  const { url } = (await answer(child)) as { url: string };
  return {
    url,
    requests: async () => {
      const answered = answer(child);
      child.send("requests");
      return ((await answered) as { requests: number }).requests;
    },
    close: async () => {
      child.disconnect();
      await ended;
    },
  };
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`the bench's Marathon ended with ${code}`));
    child.once("exit", gone);
    child.once("message", (message) => {
      child.off("exit", gone);
      resolve(message);
    });
  });
}
