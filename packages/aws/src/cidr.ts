// SPDX-License-Identifier: Apache-2.0

/** A range of IPv4 addresses: `base` is its first one as a number, so that arithmetic is plain. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
}

const octet = "(?:0|[1-9]\\d{0,2})";
const written = new RegExp(`^(${octet})\\.(${octet})\\.(${octet})\\.(${octet})/(\\d|[12]\\d|3[0-2])$`);

/** Reads `10.0.0.0/16`; undefined for anything else, a range that does not begin at its first address included. */
export function parseCidr(text: string): Cidr | undefined {
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = written.exec(text)?.slice(1).map(Number) ?? [];
  if (Math.max(a, b, c, d) > 255) return undefined;
  const base = ((a * 256 + b) * 256 + c) * 256 + d;
  return base % 2 ** (32 - prefix) === 0 ? { base, prefix } : undefined;
}

/** `10.0.0.0/16`. */
export function formatCidr(cidr: Cidr): string {
  return `${addressAt(cidr, 0)}/${cidr.prefix}`;
}

/** How many addresses a range has. */
export function sizeOf({ prefix }: Cidr): number {
  return 2 ** (32 - prefix);
}

/** The address at a position, 0 is the first. */
export function addressAt({ base }: Cidr, index: number): string {
  const number = base + index;
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");
}

/** Whether all of `inner` is in `outer`. */
export function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner.base >= outer.base && inner.base + sizeOf(inner) <= outer.base + sizeOf(outer);
}

/** Whether two ranges share an address. */
export function overlap(a: Cidr, b: Cidr): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

/** Four ranges of equal size that are the whole, in order. */
export function quarters({ base, prefix }: Cidr): readonly [Cidr, Cidr, Cidr, Cidr] {
  const size = 2 ** (30 - prefix);
  const quarter = (n: number): Cidr => ({ base: base + n * size, prefix: prefix + 2 });
  return [quarter(0), quarter(1), quarter(2), quarter(3)];
}

/** The first so many addresses of a range, as ranges from the largest to the smallest. */
export function firstOf({ base, prefix }: Cidr, count: number): Cidr[] {
  const bits = Array.from({ length: 33 - prefix }, (_, i) => 32 - prefix - i);
  let at = base;
  return bits.flatMap((bit): Cidr[] => {
    if (Math.floor(count / 2 ** bit) % 2 === 0) return [];
    const part = { base: at, prefix: 32 - bit };
    at += 2 ** bit;
    return [part];
  });
}

/** The second half of a range. */
export function upperHalf({ base, prefix }: Cidr): Cidr {
  return { base: base + 2 ** (31 - prefix), prefix: prefix + 1 };
}

const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].flatMap(
  (text) => parseCidr(text) ?? [],
);

/** Whether a range is one of private addresses (RFC 1918). */
export function isPrivate(cidr: Cidr): boolean {
  return privateRanges.some((range) => isWithin(cidr, range));
}
