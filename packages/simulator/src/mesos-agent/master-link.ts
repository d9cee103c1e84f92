// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import { type Credential, postForRecords, postJson, proofOf } from "../http";
import { Election } from "../mesos-master/election";
import {
  internalPath,
  proofAbout,
  type RegisterSlaveMessage,
  type ReregisterSlaveMessage,
  type ToAgent,
} from "../protocol/messages";
import type { MasterInfo } from "../protocol/types";
import type { Surroundings } from "../surroundings";
import { parseZkUrl } from "../zookeeper";

const maxBackoffMs = 60_000;
const postLimitMs = 10_000;

export interface MasterLinkOptions {
  /** host:port or zk://… */
  readonly master: string;
  readonly sessionTimeoutMs: number;
  readonly backoffMs: number;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly log: (message: string) => void;
  readonly around: Surroundings;
  /** What to register with: a message without `stream`. */
  readonly registration: () => Omit<RegisterSlaveMessage | ReregisterSlaveMessage, "stream">;
  readonly onMessage: (message: ToAgent) => void;
  /** For masters that want to know who registers. */
  readonly credential?: Credential;
}

/** Finds the leading master, registers, and holds the stream on which it speaks. */
export class MasterLink {
  readonly #options: MasterLinkOptions;
  readonly #stop = new AbortController();
  #election: Election | undefined;
  #leader: MasterInfo | undefined;
  #session = new AbortController();
  #pauseMs = 0;
  /** Ends the wait for a leader, or the pause before the next attempt. */
  #wake: () => void = () => undefined;
  #stream: { readonly address: string; readonly id: string } | undefined;

  constructor(options: MasterLinkOptions) {
    this.#options = options;
  }

  /** Where the leading master listens while this agent is registered with it. */
  get master(): string | undefined {
    return this.#stream?.address;
  }

  get leader(): MasterInfo | undefined {
    return this.#leader;
  }

  /** Runs until {@link close}. */
  start(): void {
    const { master, sessionTimeoutMs, log, around } = this.#options;
    if (master.startsWith("zk://")) {
      this.#election = new Election(
        { zk: parseZkUrl(master), sessionTimeoutMs, connect: around.connect },
        {
          onLeader: (leader) => this.#detected(leader),
          onExpired: () => log("the ZooKeeper session has expired"),
          onError: (message) => log(`ZooKeeper: ${message}`),
        },
      );
      void this.#election.run();
    }
    void this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#session.abort();
    this.#wake();
    await this.#election?.stop();
  }

  /** Posts to the master with which this agent is registered. */
  async post(name: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined)
      throw new MesosError("MESOS_SIMULATOR_NO_MASTER", "not registered with a master");
    const url = `http://${stream.address}${internalPath}${name}`;
    const { status } = await postJson(
      url,
      { ...body, stream: stream.id },
      this.#stop.signal,
      this.#options.around.dial,
      postLimitMs,
    );
    if (status === 409 && this.#stream === stream) this.reregister();
    if (status !== 202)
      throw new MesosError("MESOS_SIMULATOR_REFUSED", `${name}: the master answered ${status}`);
  }

  /** Begins again with the same leader. */
  reregister(): void {
    this.#session.abort();
  }

  #detected(leader: MasterInfo | undefined): void {
    this.#leader = leader;
    this.#options.log(
      leader === undefined ? "no leading master is known" : `a new leading master: ${leader.pid}`,
    );
    this.#pauseMs = this.#options.backoffMs;
    this.#session.abort();
    this.#wake();
  }

  get #address(): string | undefined {
    if (this.#election === undefined) return this.#options.master;
    return this.#leader && `${this.#leader.address.ip}:${this.#leader.port}`;
  }

  async #run(): Promise<void> {
    const { backoffMs, log } = this.#options;
    this.#pauseMs = backoffMs;
    while (!this.#stop.signal.aborted) {
      const address = this.#address;
      if (address === undefined) {
        await this.#pause(maxBackoffMs);
        continue;
      }
      this.#session = new AbortController();
      try {
        if (await this.#talk(address)) this.#pauseMs = backoffMs;
      } catch (error) {
        if (!this.#session.signal.aborted) log(`master at ${address}: ${messageOf(error)}`);
      }
      this.#stream = undefined;
      if (this.#address !== address) continue;
      const pause = this.#pauseMs;
      this.#pauseMs = Math.min(pause * 2, maxBackoffMs);
      await this.#pause(Math.random() * pause);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = this.#options.clock.after(ms, resolve);
    });
    this.#options.clock.clear(timer);
    this.#wake = () => undefined;
  }

  /** One registration and all that the master says after it; whether it was registered. */
  async #talk(address: string): Promise<boolean> {
    const { registration, onMessage, uuid, clock, log, around } = this.#options;
    const message = await this.#authenticated(address, { ...registration(), stream: uuid() });
    const again = message.slave.id !== undefined;
    const url = `http://${address}${internalPath}${again ? "ReregisterSlaveMessage" : "RegisterSlaveMessage"}`;
    let registered = false;
    let silence: NodeJS.Timeout | undefined;
    try {
      for await (const record of postForRecords(url, message, this.#session.signal, around.dial)) {
        const said = JSON.parse(record) as ToAgent;
        if (said.type === "SlaveRegisteredMessage" || said.type === "SlaveReregisteredMessage") {
          registered = true;
          this.#stream = { address, id: message.stream };
          const limit = said.total_ping_timeout_seconds * 1000;
          const restart = (): void => {
            log(`no ping from the master for ${limit / 1000} s`);
            this.reregister();
          };
          silence = clock.after(limit, restart);
        }
        silence?.refresh();
        onMessage(said);
      }
      if (registered) log(`the master at ${address} has ended the connection`);
    } finally {
      clock.clear(silence);
    }
    return registered;
  }

  /** With a proof that this agent knows its secret, where it has one; the secret itself stays here. */
  async #authenticated<T extends RegisterSlaveMessage>(address: string, message: T): Promise<T> {
    const { credential, around } = this.#options;
    if (credential === undefined) return message;
    const url = `http://${address}${internalPath}AuthenticateMessage`;
    const { status, body } = await postJson(
      url,
      { stream: message.stream },
      this.#session.signal,
      around.dial,
    );
    if (status !== 200) {
      throw new MesosError("MESOS_SIMULATOR_REFUSED", `AuthenticateMessage: the master answered ${status}`);
    }
    const { nonce } = JSON.parse(body) as { nonce: string };
    const { principal, secret } = credential;
    return {
      ...message,
      credential: { principal, proof: proofOf(secret, nonce, proofAbout(principal, message)) },
    };
  }
}
