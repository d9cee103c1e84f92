// SPDX-License-Identifier: Apache-2.0

/** An address as it may be shown: before an @ there may be a password, also in one that is no URL. */
export function shownUrl(address: string): string {
  return address.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, "$1…@");
}
