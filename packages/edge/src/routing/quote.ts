// SPDX-License-Identifier: Apache-2.0

/** One word for HAProxy's parser, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
