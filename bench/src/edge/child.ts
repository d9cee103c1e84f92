// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

type Handlers = Readonly<Record<string, (...args: never[]) => unknown>>;
type Calls<H extends Handlers> = {
  readonly [K in keyof H]: (...args: Parameters<H[K]>) => Promise<Awaited<ReturnType<H[K]>>>;
};

/** A part of the bench that runs as a process of its own, so that no part's work delays another's clock. */
export interface Part<H extends Handlers> {
  readonly pid: number;
  readonly call: Calls<H>;
  close(): Promise<void>;
}

interface Question {
  readonly number: number;
  readonly name: string;
  readonly args: never[];
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Milliseconds of the machine's monotonic clock, which all processes share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** In a part: answers what its parent asks until the parent is gone. */
export function serve(handlers: Handlers): void {
  process.on("message", async ({ number, name, args }: Question) => {
    const answer = (more: Omit<Answer, "number">): void => void process.send?.({ number, ...more });
    try {
      answer({ value: await handlers[name]?.(...args) });
    } catch (error) {
      answer({ error: String(error) });
    }
  });
  process.once("disconnect", () => process.exit(0));
}

/** Starts the part whose program lies beside this file; `within` are words that start what comes after them. */
export function startPart<H extends Handlers>(program: string, within: readonly string[] = []): Part<H> {
  const [command = "", ...words] = [...within, process.execPath, path.join(__dirname, program)];
  const child = spawn(command, words, { stdio: ["ignore", 2, 2, "ipc"] });
  const ended = once(child, "exit");
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  child.on("message", ({ number, value, error }: Answer) => {
    const asker = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) asker?.resolve(value);
    else asker?.reject(new Error(`${program}: ${error}`));
  });
  child.once("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${program} ended with ${code}`));
  });
  let questions = 0;
  const ask = (name: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const number = questions++;
      waiting.set(number, { resolve, reject });
      send(child, { number, name, args });
    });
  const call = new Proxy(
    {},
    {
      get:
        (_, name: string) =>
        (...args: unknown[]) =>
          ask(name, args),
    },
  );
  return {
    pid: child.pid ?? 0,
    call: call as Calls<H>,
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

function send(child: ChildProcess, message: object): void {
  child.send(message);
}
