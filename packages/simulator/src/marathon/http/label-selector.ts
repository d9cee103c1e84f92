// SPDX-License-Identifier: Apache-2.0
import { ApiError } from "../api-error";

type Labels = Readonly<Record<string, string>>;
type Test = (labels: Labels) => boolean;

/**
 * `a`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, joined by commas: all must hold, and all ask for the label to be there.
 * Terms are letters, digits and `.-_`; other characters need a backslash (code: LabelSelectorParsers).
 */
export function labelSelector(text: string): Test {
  const parser = new Parser(text);
  const tests = parser.selectors();
  if (tests === undefined) {
    throw new ApiError(422, { message: `Can not parse label selector ${text}. Reason: ${parser.reason}` });
  }
  return (labels) => tests.every((test) => test(labels));
}

const term = "(\\\\.|[-A-Za-z0-9_.])+";

/** Reads on from where it is, or not at all; remembers the last of the farthest failures, as Scala's parsers do. */
class Parser {
  readonly #text: string;
  #at = 0;
  #failedAt = -1;
  reason = "";

  constructor(text: string) {
    this.#text = text;
  }

  /** Every selector of the text; undefined where it does not end with the last of them. */
  selectors(): Test[] | undefined {
    const tests = this.#separated(() => this.#selector());
    this.#skip();
    return this.#at === this.#text.length ? tests : undefined;
  }

  #selector(): Test | undefined {
    return this.#try(() => this.#set()) ?? this.#try(() => this.#equality()) ?? this.#existence();
  }

  #set(): Test | undefined {
    const label = this.#term();
    const operator = label === undefined ? undefined : this.#regex("(in|notin)");
    if (label === undefined || operator === undefined || !this.#literal("(")) return undefined;
    const values = this.#separated(() => this.#term());
    if (!this.#literal(")")) return undefined;
    return (labels) => labels[label] !== undefined && values.includes(labels[label]) === (operator === "in");
  }

  #equality(): Test | undefined {
    const label = this.#term();
    const operator = label === undefined ? undefined : this.#regex("(==|!=)");
    const value = operator === undefined ? undefined : this.#term();
    if (label === undefined || value === undefined) return undefined;
    return (labels) => labels[label] !== undefined && (labels[label] === value) === (operator === "==");
  }

  #existence(): Test | undefined {
    const label = this.#term();
    return label === undefined ? undefined : (labels) => labels[label] !== undefined;
  }

  #term(): string | undefined {
    return this.#regex(term)?.replaceAll(/\\(.)/g, "$1");
  }

  /** None, or some with commas between them. */
  #separated<T>(one: () => T | undefined): T[] {
    const found: T[] = [];
    for (let next = this.#try(one); next !== undefined; ) {
      found.push(next);
      next = this.#try(() => (this.#literal(",") ? one() : undefined));
    }
    return found;
  }

  #try<T>(parse: () => T | undefined): T | undefined {
    const from = this.#at;
    const result = parse();
    if (result === undefined) this.#at = from;
    return result;
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #literal(expected: string): boolean {
    this.#skip();
    if (this.#text.startsWith(expected, this.#at)) {
      this.#at += expected.length;
      return true;
    }
    this.#fail(`'${expected}'`);
    return false;
  }

  #regex(source: string): string | undefined {
    this.#skip();
    const sticky = new RegExp(source, "y");
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    if (found === undefined) this.#fail(`string matching regex '${source}'`);
    else this.#at += found.length;
    return found;
  }

  #fail(expected: string): void {
    if (this.#at < this.#failedAt) return;
    this.#failedAt = this.#at;
    const found = this.#at < this.#text.length ? `'${this.#text[this.#at]}'` : "end of source";
    this.reason = `${expected} expected but ${found} found`;
  }
}
