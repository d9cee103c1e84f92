// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { Log } from "../log";
import { CertificateStore, type StoredCertificate, withDefault } from "./certificate-store";
import type { HeldPort } from "./port-judge";
import type { Worker } from "./worker";
import { usedFiles } from "./worker-certificates";

/** A store that could not be written is tried again after this long. */
const retryMs = 1_000;

/** Brings HAProxy's certificates to what is wanted: in the worker without a reload, and in the store that the next one reads. */
export class CertificateKeeper {
  readonly #store: CertificateStore;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onWant: () => void;
  /** None before their files have been read. */
  #wanted: readonly StoredCertificate[] | undefined;
  #mustReload = false;
  #hasLitter = true;
  #problem: string | undefined;
  #retryAt = Number.NEGATIVE_INFINITY;

  constructor(o: { directory: string; worker: Worker; clock: Clock; log: Log; onWant: () => void }) {
    this.#store = new CertificateStore(o.directory);
    this.#worker = o.worker;
    this.#clock = o.clock;
    this.#log = o.log;
    this.#onWant = o.onWant;
  }

  /** What HAProxy reads when it starts. */
  get held(): readonly StoredCertificate[] {
    return this.#store.held;
  }

  /** The worker refused a certificate, which a new one reads from the store. */
  get mustReload(): boolean {
    return this.#mustReload;
  }

  /** Why the store is older than what is served. */
  get problem(): string | undefined {
    return this.#problem;
  }

  open(): Promise<void> {
    return this.#store.open();
  }

  /** Says which certificates should be served; the first one is for clients that name no host. */
  want(certificates: readonly StoredCertificate[]): void {
    this.#wanted = withDefault(certificates);
    this.#onWant();
  }

  /** Has the worker follow, then the store. `ports` are those that the worker has or gets. */
  async move(ports: readonly HeldPort[]): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted) return;
    const refusal = this.#mustReload
      ? undefined
      : await this.#worker.changeCertificates(wanted, usedFiles(ports));
    await this.#write(wanted);
    if (refusal === undefined) return;
    this.#log.warn({ refusal }, "haproxy refused a certificate at run time, reloading");
    this.#mustReload = true;
  }

  /** Tasks move on and other certificates are served while nothing can be written. */
  async #write(wanted: readonly StoredCertificate[]): Promise<void> {
    if (this.#store.held === wanted || this.#clock.now() < this.#retryAt) return;
    try {
      await this.#store.write(wanted);
      this.#hasLitter = true;
      this.#problem = undefined;
    } catch (error) {
      this.#retryAt = this.#clock.now() + retryMs;
      this.#problem = `the certificates' files are old: ${messageOf(error)}`;
      this.#log.error({ err: error }, "certificates cannot be written");
    }
  }

  /** A new worker has read the store. */
  reloaded(): void {
    this.#mustReload = false;
  }

  /** Removes the keys that neither the list nor `ports` name any more. */
  async collect(ports: readonly HeldPort[]): Promise<void> {
    if (this.#hasLitter) await this.#store.collect(usedFiles(ports));
    this.#hasLitter = false;
  }
}
