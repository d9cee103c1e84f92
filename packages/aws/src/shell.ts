// SPDX-License-Identifier: Apache-2.0

/** A word of a shell's command line; what needs no quotes has none, for readers and for the limit of user data. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
