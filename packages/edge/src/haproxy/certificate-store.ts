// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { digestOf } from "@pulumi-mesos/model";
import { readIfThere, writeAtomically } from "./master";

/** Directory of what HAProxy reads, relative to its own; paths in its configuration and at run time begin with it. */
const folder = "certificates";
/** HAProxy's crt-list. */
export const certificateList = `${folder}/list`;
/**
 * What a client gets that names no host, or one without a certificate: always the list's first, because HAProxy keeps that
 * one. It stands for a name that nobody asks for, without which HAProxy 2.6 loses its settings when it is changed.
 */
const defaultFile = "default.pem";
const nobodysName = "default.invalid";

/** A certificate as HAProxy has it. */
export interface StoredCertificate {
  /** Path of the file that it came from. */
  readonly source: string;
  /** Name in the store. */
  readonly file: string;
  /** Key and certificates. Secret. */
  readonly text: string;
  readonly digest: string;
}

/** Name in the store of the certificate that came from `source`. */
export function certificateFile(source: string): string {
  const plain = basename(source).replace(/[^A-Za-z0-9._-]/g, "_");
  return `${plain.slice(0, 100)}-${digestOf(source)}.pem`;
}

/** Path by which HAProxy knows a file of the store. */
export function certificatePath(file: string): string {
  return `${folder}/${file}`;
}

/** Whether this is the one for clients that name no host. */
export function isDefault({ file }: StoredCertificate): boolean {
  return file === defaultFile;
}

/** `certificates` with the first of them as the default. */
export function withDefault(certificates: readonly StoredCertificate[]): readonly StoredCertificate[] {
  const [first] = certificates;
  return first === undefined ? [] : [{ ...first, file: defaultFile }, ...certificates];
}

/** The certificates that HAProxy reads when it starts or reloads: kept equal to those that it runs with. */
export class CertificateStore {
  readonly #directory: string;
  #held: readonly StoredCertificate[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What is in the list, in its order. */
  get held(): readonly StoredCertificate[] {
    return this.#held;
  }

  /** Reads what an earlier life has left. */
  async open(): Promise<void> {
    const held: StoredCertificate[] = [];
    let source = "";
    for (const line of ((await readIfThere(join(this.#directory, certificateList))) ?? "").split("\n")) {
      if (line.startsWith("# ")) source = JSON.parse(line.slice(2));
      const file = line.startsWith(`${folder}/`) && line.split(" ", 1)[0]?.slice(folder.length + 1);
      const text = file && (await readIfThere(join(this.#directory, certificatePath(file))));
      if (file && text) held.push({ source, file, text, digest: digestOfText(text) });
    }
    this.#held = held;
  }

  /** Writes what differs, the list last, so that it names nothing that is not there. */
  async write(certificates: readonly StoredCertificate[]): Promise<void> {
    if (certificates.length > 0) await mkdir(join(this.#directory, folder), { recursive: true, mode: 0o700 });
    const before = new Map(this.#held.map(({ file, digest }) => [file, digest]));
    for (const { file, text, digest } of certificates) {
      if (before.get(file) !== digest)
        await writeAtomically(join(this.#directory, certificatePath(file)), text);
    }
    if (listText(certificates) !== listText(this.#held))
      await writeAtomically(join(this.#directory, certificateList), listText(certificates));
    this.#held = certificates;
  }

  /** Removes the files that are neither in the list nor `used` by a port. */
  async collect(used: ReadonlySet<string>): Promise<void> {
    const kept = new Set([...this.#held.map(({ file }) => file), ...used, basename(certificateList)]);
    for (const name of (await this.#files()).filter((n) => !kept.has(n)))
      await rm(join(this.#directory, folder, name), { force: true });
  }

  async #files(): Promise<string[]> {
    try {
      return await readdir(join(this.#directory, folder));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}

/** HAProxy's list; the comments tell where each certificate came from. */
function listText(certificates: readonly StoredCertificate[]): string {
  const lines = certificates.map((one) => {
    const filter = isDefault(one) ? ` ${nobodysName}` : "";
    return `# ${JSON.stringify(one.source)}\n${certificatePath(one.file)}${filter}\n`;
  });
  return lines.join("");
}

/** Digest of a PEM text. */
export function digestOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
