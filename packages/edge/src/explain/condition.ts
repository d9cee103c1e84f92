// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIPv4 } from "node:net";
import { lower } from "../routing/stages";
import type { AskedRequest } from "./asked";

/** Whether a condition fits a request, and why; undefined where only HAProxy could say. */
export interface Verdict {
  readonly fits: boolean | undefined;
  readonly reason: string;
}

type Match = "str" | "beg" | "end" | "sub" | "dir" | "dom" | "found";

/** What is compared: the values of a part of the request (none when it is not sent) and what that part is called. */
interface Sample {
  readonly called: string;
  readonly values: readonly string[];
}

const unknown = (text: string): Verdict => ({
  fits: undefined,
  reason: `only HAProxy itself can judge ${text}`,
});

/**
 * Judges a condition as HAProxy does, for the fetches and matches that need no knowledge of its insides: paths, headers,
 * the method, the client's address. Regular expressions, converters, quotes and the rest are not judged rather than guessed.
 */
export function judge(text: string, request: AskedRequest): Verdict {
  const words = text.trim().split(/\s+/);
  const [fetch = "", ...rest] = words;
  if (/['"\\#$%]/.test(text)) return unknown(text);
  const [, name = "", argument] = /^([a-z_.]+)(?:\(([^(),]*)\))?$/.exec(fetch) ?? [];
  const flags = readFlags(rest);
  if (name === "" || !flags) return unknown(text);
  const { values } = flags;
  if (argument === undefined && values.length === 0 && rest.length === 0)
    return judgeTruth(name, request, text);
  if (name === "method" && argument === undefined && !flags.isTuned) return judgeMethod(values, request);
  if (name === "src" && argument === undefined && !flags.isTuned) return judgeClient(values, request, text);
  const [, base = "", suffix] = /^(.+?)(?:_(beg|end|sub|dir|dom))?$/.exec(name) ?? [];
  const sample = sampleOf(base, argument, request);
  if (!sample || (suffix !== undefined && flags.match !== undefined)) return unknown(text);
  const match = flags.match ?? ((suffix ?? "str") as Match);
  if (match === "found" ? values.length > 0 : values.length === 0) return unknown(text);
  return compare(sample, match, values, flags.ignoreCase) ?? unknown(text);
}

interface Flags {
  readonly match?: Match;
  readonly ignoreCase: boolean;
  readonly isTuned: boolean;
  readonly values: readonly string[];
}

const matches: readonly string[] = ["str", "beg", "end", "sub", "dir", "dom", "found"];

/** Flags come before the values; one that is not understood may change everything. */
function readFlags(words: readonly string[]): Flags | undefined {
  let match: Match | undefined;
  let ignoreCase = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const done = { ...(match && { match }), ignoreCase, isTuned: i > 0 };
    if (!word.startsWith("-")) return { ...done, values: words.slice(i) };
    if (word === "--") return { ...done, values: words.slice(i + 1) };
    const next = words[i + 1] ?? "";
    if (word === "-i") ignoreCase = true;
    else if (word === "-m" && matches.includes(next)) {
      match = next as Match;
      i++;
    } else return undefined;
  }
  return { ...(match && { match }), ignoreCase, isTuned: words.length > 0, values: [] };
}

function judgeTruth(name: string, { tls }: AskedRequest, text: string): Verdict {
  if (name === "always_true") return { fits: true, reason: "it always fits" };
  if (name === "always_false") return { fits: false, reason: "it never fits" };
  if (name === "ssl_fc") return { fits: tls, reason: `the request comes ${tls ? "by TLS" : "without TLS"}` };
  return unknown(text);
}

function judgeMethod(values: readonly string[], { method }: AskedRequest): Verdict {
  const fits = values.includes(method);
  return { fits, reason: `the method is ${method}${fits ? "" : `, not ${oneOf(values)}`}` };
}

function judgeClient(values: readonly string[], { client }: AskedRequest, text: string): Verdict {
  if (client === undefined) return { fits: undefined, reason: "the client's address is not given" };
  const networks = values.map((value) => /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(value));
  const list = new BlockList();
  for (const [, address = "", bits = "32"] of networks.map((network) => network ?? [])) {
    if (!isIPv4(address) || Number(bits) > 32) return unknown(text);
    list.addSubnet(address, Number(bits), "ipv4");
  }
  if (!isIPv4(client) || values.length === 0) return unknown(text);
  const fits = list.check(client);
  return { fits, reason: `the client ${client} is ${fits ? "" : "not "}in ${oneOf(values)}` };
}

function sampleOf(base: string, argument: string | undefined, request: AskedRequest): Sample | undefined {
  if (base === "path" && argument === undefined) return { called: "the path", values: [request.path] };
  if (!["hdr", "req.hdr"].includes(base) || argument === undefined) return undefined;
  const name = argument.toLowerCase();
  const { host, port } = request;
  const sent =
    name === "host" ? [port === undefined ? host : `${host}:${port}`] : (request.headers.get(name) ?? []);
  // Every part between commas is a value, except within quotes.
  const values = sent.flatMap((line) => line.split(",").map((part) => part.trim()));
  if (sent.some((line) => line.includes('"')) || values.includes("")) return undefined;
  return { called: name === "host" ? "the host" : `the header ${argument}`, values };
}

const words: Readonly<Record<Exclude<Match, "found">, readonly [string, string]>> = {
  str: ["is", "is not"],
  beg: ["begins with", "does not begin with"],
  end: ["ends with", "does not end with"],
  sub: ["contains", "does not contain"],
  dir: ["has the directory", "has no directory"],
  dom: ["has the domain", "has no domain"],
};

function compare(
  { called, values: samples }: Sample,
  match: Match,
  patterns: readonly string[],
  ignoreCase: boolean,
): Verdict | undefined {
  const [first] = samples;
  if (match === "found")
    return { fits: first !== undefined, reason: `${called} is ${first ? "" : "not "}sent` };
  if (first === undefined) return { fits: false, reason: `${called} is not sent` };
  const plain = (text: string): string => (ignoreCase ? lower(text) : text);
  const isWordless = (pattern: string): boolean => /^[/?.:]*$/.test(pattern);
  if ((match === "dir" || match === "dom") && patterns.some(isWordless)) return undefined;
  for (const sample of samples) {
    const pattern = patterns.find((p) => fits(plain(sample), plain(p), match));
    if (pattern !== undefined)
      return { fits: true, reason: `${called} ${sample} ${words[match][0]} ${pattern}` };
  }
  return { fits: false, reason: `${called} ${samples.join(", ")} ${words[match][1]} ${oneOf(patterns)}` };
}

function fits(sample: string, pattern: string, match: Exclude<Match, "found">): boolean {
  if (match === "str") return sample === pattern;
  if (match === "beg") return sample.startsWith(pattern);
  if (match === "end") return sample.endsWith(pattern);
  if (match === "sub") return sample.includes(pattern);
  return hasWord(sample, pattern, match === "dir" ? "/?" : "/?.:");
}

/** Whether `pattern` stands in `sample` between delimiters or ends; those around the pattern itself do not count. */
function hasWord(sample: string, pattern: string, delimiters: string): boolean {
  const isDelimiter = (char: string | undefined): boolean => char === undefined || delimiters.includes(char);
  let [from, to] = [0, pattern.length];
  while (from < to && isDelimiter(pattern[from])) from++;
  while (to > from && isDelimiter(pattern[to - 1])) to--;
  const word = pattern.slice(from, to);
  for (let at = sample.indexOf(word); at >= 0; at = sample.indexOf(word, at + 1)) {
    if (isDelimiter(sample[at - 1]) && isDelimiter(sample[at + word.length])) return true;
  }
  return false;
}

/** A list that says no more than it must. */
function oneOf(values: readonly string[]): string {
  const some = values.slice(0, 5).join(" or ");
  return values.length > 5 ? `${some} or ${values.length - 5} others` : some;
}
