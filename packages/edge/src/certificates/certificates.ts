// SPDX-License-Identifier: Apache-2.0
import { type FSWatcher, watch } from "node:fs";
import type { Clock } from "../clock";
import { certificateFile, isDefault, type StoredCertificate } from "../haproxy/certificate-store";
import { checkBeside, type HaproxyProgram, offenders } from "../haproxy/validate";
import type { Log } from "../log";
import { outOfTime, type Pem, readPem } from "./pem";
import { isBelow, readSources, traceOf } from "./sources";

/** Whoever copies a file writes it in several steps; that many milliseconds after the last one it is read. */
const settleMs = 100;
/** A watch does not tell that its path leads elsewhere. */
const traceEveryMs = 1_000;
/** Not every file system tells of changes; that many traces later everything is read once more. */
const tracesPerLook = 30;

/** Says what HAProxy dislikes of PEM texts, or nothing. */
export type PemCheck = (texts: readonly string[], signal: AbortSignal) => Promise<string | undefined>;

/** A certificate that HAProxy can serve. */
export interface Certificate extends Pem {
  /** Path of its file. */
  readonly source: string;
}

export interface CertificatesOptions {
  /** PEM files and directories of them; the first file's certificate is the default. */
  readonly paths: readonly string[];
  readonly check: PemCheck;
  /** What an earlier life served. */
  readonly held: readonly StoredCertificate[];
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}

/**
 * The certificates of the edge as their files have them. A file that is no good keeps the certificate that it had, and
 * keeps no other file back.
 */
export class Certificates {
  readonly #o: CertificatesOptions;
  #good: ReadonlyMap<string, Certificate>;
  #refused: ReadonlyMap<string, string> = new Map();
  /** What HAProxy said of a text, by digest. */
  #verdicts: ReadonlyMap<string, string | undefined> = new Map();

  constructor(o: CertificatesOptions) {
    this.#o = o;
    const held = o.held
      .filter((one) => !isDefault(one))
      .map(({ source, text }) => ({ source, ...readPem(text) }));
    this.#good = new Map(
      held.flatMap(({ source, pem }) => (pem ? [[source, { ...pem, source }] as const] : [])),
    );
  }

  /** In the order of their files. */
  get good(): readonly Certificate[] {
    return [...this.#good.values()];
  }

  /** Files that are not served as they are, with the reason. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** The good certificate of a path, or of a file's name when it is the only one. */
  find(name: string): Certificate | undefined {
    const named = this.good.filter(({ source }) => source === name || source.endsWith(`/${name}`));
    return this.#good.get(name) ?? (named.length === 1 ? named[0] : undefined);
  }

  /** Reads the files once and has what is new judged. */
  async look(signal: AbortSignal): Promise<void> {
    const { texts, unreadable } = await readSources(this.#o.paths);
    const refused = new Map(unreadable);
    const candidates = new Map<string, Pem>();
    for (const [source, text] of texts) {
      const { pem, reason } = readPem(text);
      const late = pem && outOfTime(pem, this.#o.clock.time());
      if (pem) candidates.set(source, pem);
      if (reason ?? late) refused.set(source, reason ?? late ?? "");
    }
    await this.#judge([...candidates.values(), ...this.#good.values()], signal);
    const good = new Map<string, Certificate>();
    for (const source of this.#order(texts, unreadable)) {
      const pem = candidates.get(source);
      const served = this.#good.get(source);
      const verdict = pem && this.#verdicts.get(pem.digest);
      if (verdict !== undefined) refused.set(source, `haproxy: ${verdict}`);
      // One that has run out goes on until another takes its place: its clients decide for themselves.
      const isServed = pem !== undefined && pem.digest === served?.digest;
      const one = pem && (isServed || !refused.has(source)) ? pem : served;
      if (one && this.#verdicts.get(one.digest) === undefined) good.set(source, { ...one, source });
    }
    if (good.size === 0 && this.#good.size > 0) {
      for (const path of this.#o.paths) refused.set(path, "no certificate is left in it; the last ones stay");
      this.#become(this.#good, refused);
    } else this.#become(good, refused);
  }

  /** Looks at once and whenever a file changes, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, paths } = this.#o;
    while (!signal.aborted) {
      const changed = new AbortController();
      const watchers = this.#watch(() => changed.abort());
      const trace = await traceOf(paths);
      try {
        await this.look(signal);
      } catch (error) {
        if (!signal.aborted) log.error({ err: error }, "the certificates cannot be judged");
      }
      await this.#untilChanged(trace, AbortSignal.any([signal, changed.signal]));
      for (const watcher of watchers) watcher.close();
      await clock.pause(settleMs, signal);
    }
  }

  async #untilChanged(trace: string, changed: AbortSignal): Promise<void> {
    for (let i = 0; i < tracesPerLook; i++) {
      await this.#o.clock.pause(traceEveryMs, changed);
      if (changed.aborted || (await traceOf(this.#o.paths)) !== trace) return;
    }
  }

  /** Sources in the order of their paths; those that cannot be read keep the place of what they had. */
  #order(texts: ReadonlyMap<string, string>, unreadable: ReadonlyMap<string, string>): string[] {
    const kept = [...this.#good.keys()].filter(
      (source) => texts.has(source) || [...unreadable.keys()].some((path) => isBelow(path, source)),
    );
    const found = [...texts.keys(), ...unreadable.keys()];
    const all = [...new Set([...found, ...kept])];
    const place = (source: string): number => this.#o.paths.findIndex((path) => isBelow(path, source));
    return all.sort((a, b) => place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0));
  }

  async #judge(all: readonly Pem[], signal: AbortSignal): Promise<void> {
    const pems = new Map(all.map((pem) => [pem.digest, pem]));
    const unknown = [...pems.values()].filter(({ digest }) => !this.#verdicts.has(digest));
    const check = (group: readonly Pem[]): Promise<string | undefined> =>
      this.#o.check(
        group.map(({ text }) => text),
        signal,
      );
    const bad = await offenders(unknown, check);
    const verdicts = new Map([...pems.keys()].map((digest) => [digest, this.#verdicts.get(digest)]));
    for (const { item, reason } of bad) verdicts.set(item.digest, reason);
    this.#verdicts = verdicts;
  }

  #become(good: ReadonlyMap<string, Certificate>, refused: ReadonlyMap<string, string>): void {
    for (const [source, reason] of refused) {
      if (this.#refused.get(source) !== reason)
        this.#o.log.warn({ certificate: source, reason }, "certificate refused");
    }
    const text = (all: ReadonlyMap<string, Certificate>): string =>
      [...all].map(([source, { digest }]) => `${source} ${digest}`).join("\n");
    const isNew = text(good) !== text(this.#good);
    this.#good = good;
    this.#refused = refused;
    if (isNew) this.#o.onChange();
  }

  /** Calls `onEvent` when a file of the sources changes, as far as the file system tells. */
  #watch(onEvent: () => void): FSWatcher[] {
    return this.#o.paths.flatMap((path) => {
      try {
        return watch(path, onEvent).on("error", onEvent);
      } catch {
        // What is not there cannot be watched; its trace tells when it comes.
        return [];
      }
    });
  }
}

/** Has HAProxy judge PEM texts. */
export function pemCheck(program: HaproxyProgram, directory: string): PemCheck {
  return async (texts, signal) => {
    const files = texts.map((text, i) => [`${i}.pem`, text] as const);
    const probe = (scratch: string): string =>
      [
        "defaults",
        "  timeout connect 2s",
        "  timeout client 60s",
        "  timeout server 60s",
        "frontend probe",
        ...files.map(([name]) => `  bind 127.0.0.1:1 ssl crt ${scratch}/${name}`),
        "  default_backend probe",
        "backend probe",
        "",
      ].join("\n");
    const reason = await checkBeside(
      program,
      directory,
      (scratch) => ({ "haproxy.cfg": probe(scratch), ...Object.fromEntries(files) }),
      signal,
    );
    return reason?.replace(/'?check-\w+\/\d+\.pem'?/g, "it").replace(/^'bind [^']*' : /, "");
  };
}

/** As HAProxy's store has them, in the same order. */
export function stored(certificates: readonly Certificate[]): readonly StoredCertificate[] {
  return certificates.map(({ source, text, digest }) => ({
    source,
    file: certificateFile(source),
    text,
    digest,
  }));
}
