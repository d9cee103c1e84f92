// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "../clock";

/** One connection through a gate. */
export interface Passage {
  /** The port on the caller's side. */
  readonly callerPort: number;
  end(): void;
}

/**
 * A TCP proxy before a program: what others know as its address. It lets pass, delays, or refuses.
 *
 * Processes on one machine share one network, so a partition between them is made where their connections meet.
 */
export class Gate {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #admits: (callerPort: number) => boolean;
  readonly #passages = new Set<Passage>();
  readonly #server: Server;
  #port = 0;
  /** Milliseconds that everything towards the program waits. */
  delayMs = 0;

  /**
   * @param target port 0 is the gate's own on the other host
   * @param admits asked for each new connection; false ends it
   */
  constructor(
    target: { readonly host: string; readonly port: number },
    admits: (callerPort: number) => boolean,
  ) {
    this.#target = target;
    this.#admits = admits;
    this.#server = createServer({ noDelay: true }, (caller) => this.#pass(caller));
  }

  get port(): number {
    return this.#port;
  }

  get passages(): readonly Passage[] {
    return [...this.#passages];
  }

  async listen(host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, host, resolve);
    });
    const address = this.#server.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const passage of this.#passages) passage.end();
    await closed;
  }

  #pass(caller: Socket): void {
    const callerPort = caller.remotePort ?? 0;
    caller.on("error", () => caller.destroy());
    if (!this.#admits(callerPort)) {
      caller.destroy();
      return;
    }
    const { host, port } = this.#target;
    const program = connect({ host, port: port === 0 ? this.#port : port, noDelay: true });
    const passage = {
      callerPort,
      end: () => {
        caller.destroy();
        program.destroy();
      },
    };
    this.#passages.add(passage);
    program.on("error", passage.end);
    for (const side of [caller, program]) {
      side.once("close", () => {
        this.#passages.delete(passage);
        passage.end();
      });
    }
    program.pipe(caller);
    caller.on("end", () => program.end());
    caller.on("data", (chunk: Buffer) => {
      const send = (): void => {
        if (!program.destroyed && !program.write(chunk)) {
          caller.pause();
          program.once("drain", () => caller.resume());
        }
      };
      if (this.delayMs === 0) send();
      else systemClock.after(this.delayMs, send);
    });
  }
}

/** Which of `pids` holds the connection whose own port is `port`; undefined when none of them does. */
export function ownerOf(port: number, pids: readonly number[]): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = readFileSync("/proc/net/tcp", "latin1").split("\n");
  const inodes = lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(`:${hex}`) && fields[9] !== "0" ? [`socket:[${fields[9]}]`] : [];
  });
  return pids.find((pid) => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.includes(linkOf(`/proc/${pid}/fd/${fd}`)));
    } catch (error) {
      if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
      throw error;
    }
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
