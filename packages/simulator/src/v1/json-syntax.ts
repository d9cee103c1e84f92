// SPDX-License-Identifier: Apache-2.0

const space = /[ \t\r\n]*/y;
const literal =
  /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** What Mesos says of text that is not JSON: the line, and what follows on it. */
export function syntaxError(text: string): string {
  const scanner = new Scanner(text);
  if (scanner.value(0) && scanner.at < text.length) {
    return `Parsed JSON included non-whitespace trailing characters: ${text.slice(scanner.at, scanner.at + 200)}`;
  }
  const line = text.slice(0, scanner.at).split("\n").length;
  const rest = (text.slice(scanner.at).split("\n")[0] ?? "").replace(/[^ -\uffff]/g, "");
  return `syntax error at line ${line} near: ${rest.slice(0, 200)}`;
}

/** Finds where text stops being JSON. */
class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#take(space);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.at += found[0].length;
    return found !== null;
  }

  #char(char: string): boolean {
    if (this.#text[this.at] !== char) return false;
    this.at++;
    this.#take(space);
    return true;
  }

  /** Steps over one value and the space behind it; false leaves `at` where it went wrong. */
  value(depth: number): boolean {
    if (depth > 200) return false;
    if (this.#char("{")) return this.#char("}") || this.#items("}", depth, true);
    if (this.#char("[")) return this.#char("]") || this.#items("]", depth, false);
    const done = this.#take(literal);
    this.#take(space);
    return done;
  }

  #items(end: string, depth: number, keyed: boolean): boolean {
    do {
      if (keyed && !(this.#text[this.at] === '"' && this.value(depth) && this.#char(":"))) return false;
      if (!this.value(depth + 1)) return false;
    } while (this.#char(","));
    return this.#char(end);
  }
}
