// SPDX-License-Identifier: Apache-2.0
import type { Routes } from "../routing/route";
import { certificateList, certificatePath, type StoredCertificate } from "./certificate-store";
import type { HeldPort } from "./port-judge";
import type { Runtime } from "./runtime";

/** A worker with many ports makes each of them new. */
const commitMs = 10_000;

/** What a worker has of the store. */
export interface HeldCertificates {
  /** Digest by file; empty when it is not known. */
  readonly loaded: ReadonlyMap<string, string>;
  /** Files of its list; undefined when it has none, because HTTPS is closed. */
  readonly listed: ReadonlySet<string> | undefined;
}

/** One step of a worker towards other certificates. */
export type CertificateChange =
  | { readonly kind: "set"; readonly certificate: StoredCertificate; readonly isNew: boolean }
  | { readonly kind: "list" | "unlist" | "forget"; readonly file: string };

/** Files of the store that ports of labels use. */
export function usedFiles(ports: readonly HeldPort[]): ReadonlySet<string> {
  return new Set(ports.flatMap(({ certificate }) => certificate ?? []));
}

/** What a worker has that has just read its configuration and the store. */
export function heldAtStart(routes: Routes, stored: readonly StoredCertificate[]): HeldCertificates {
  const isOpen = routes.ports.some(({ backend }) => backend === undefined);
  const used = usedFiles(routes.ports);
  const loaded = stored.filter(({ file }) => isOpen || used.has(file));
  return {
    loaded: new Map(loaded.map(({ file, digest }) => [file, digest])),
    listed: isOpen ? new Set(stored.map(({ file }) => file)) : undefined,
  };
}

/** What a worker has that was found running: its certificates can be named, not read. */
export async function readHeld(runtime: Runtime, generation: number): Promise<HeldCertificates> {
  const below = certificatePath("");
  const files = (text: string): string[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith(below))
      .map((line) => line.slice(below.length).split(" ", 1)[0] ?? "");
  const loaded = files(await runtime.command(generation, "show ssl cert"));
  const lists = await runtime.command(generation, "show ssl crt-list");
  const hasList = lists.split("\n").includes(certificateList);
  const listed = hasList
    ? files(await runtime.command(generation, `show ssl crt-list ${certificateList}`))
    : undefined;
  return { loaded: new Map(loaded.map((file) => [file, ""])), listed: listed && new Set(listed) };
}

/** Steps from what a worker has to `wanted`: what comes before what goes. What ports use is not forgotten. */
export function changesOf(
  { loaded, listed }: HeldCertificates,
  wanted: readonly StoredCertificate[],
  used: ReadonlySet<string>,
): CertificateChange[] {
  const files = new Set(wanted.map(({ file }) => file));
  const comes = wanted.flatMap((certificate): CertificateChange[] => {
    const { file, digest } = certificate;
    const has = loaded.get(file);
    if (listed === undefined && has === undefined) return [];
    return [
      ...(has === digest ? [] : [{ kind: "set", certificate, isNew: has === undefined } as const]),
      ...(listed === undefined || listed.has(file) ? [] : [{ kind: "list", file } as const]),
    ];
  });
  // A list keeps its last certificates: where none is wanted, a reload closes HTTPS.
  if (wanted.length === 0) return [];
  const unlisted = [...(listed ?? [])].filter((file) => !files.has(file));
  const forgotten = [...loaded.keys()].filter((file) => !files.has(file) && !used.has(file));
  return [
    ...comes,
    ...unlisted.map((file) => ({ kind: "unlist", file }) as const),
    ...forgotten.map((file) => ({ kind: "forget", file }) as const),
  ];
}

/** `held` after `change`. */
export function heldAfter({ loaded, listed }: HeldCertificates, change: CertificateChange): HeldCertificates {
  const [files, names] = [new Map(loaded), listed && new Set(listed)];
  if (change.kind === "set") files.set(change.certificate.file, change.certificate.digest);
  else if (change.kind === "list") names?.add(change.file);
  else if (change.kind === "unlist") names?.delete(change.file);
  else files.delete(change.file);
  return { loaded: files, listed: names };
}

/** Makes `change`; returns what HAProxy refused. */
export async function makeChange(
  runtime: Runtime,
  generation: number,
  change: CertificateChange,
): Promise<string | undefined> {
  const tell = (line: string): Promise<string> => runtime.command(generation, line, commitMs);
  if (change.kind === "set") return setCertificate(tell, change.certificate, change.isNew);
  const path = certificatePath(change.file);
  if (change.kind === "list")
    return expect("Success!", await tell(`add ssl crt-list ${certificateList} ${path}`));
  return change.kind === "unlist"
    ? expect("deleted", await tell(`del ssl crt-list ${certificateList} ${path}`))
    : expect("deleted", await tell(`del ssl cert ${path}`));
}

async function setCertificate(
  tell: (line: string) => Promise<string>,
  { file, text }: StoredCertificate,
  isNew: boolean,
): Promise<string | undefined> {
  const path = certificatePath(file);
  if (isNew) {
    const made = expect("New empty certificate store", await tell(`new ssl cert ${path}`));
    if (made !== undefined) return made;
  }
  const set = (): Promise<string> => tell(`set ssl cert ${path} <<\n${text}`);
  let answer = await set();
  // Whoever began this one has died meanwhile: HAProxy has one at a time.
  const foreign = /ongoing transaction is about '([^']+)'/.exec(answer)?.[1];
  if (foreign !== undefined) {
    await tell(`abort ssl cert ${foreign}`);
    answer = await set();
  }
  const refusal = expect("Transaction", answer) ?? expect("Success!", await tell(`commit ssl cert ${path}`));
  if (refusal === undefined) return undefined;
  await tell(`abort ssl cert ${path}`);
  if (isNew) await tell(`del ssl cert ${path}`);
  return refusal;
}

/** What an answer says instead of what it should. */
function expect(word: string, answer: string): string | undefined {
  if (answer.includes(word)) return undefined;
  // A text longer than HAProxy's buffer is not answered at all.
  return answer.trim().replaceAll("\n", " ").slice(0, 300) || "no answer, as to a text that is too long";
}
