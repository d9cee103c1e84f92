// SPDX-License-Identifier: Apache-2.0
import type { Offer, Resource } from "../mesos/messages";

interface ScalarPool {
  readonly template: Resource;
  readonly role: string;
  remaining: number;
}

interface PortPool {
  readonly template: Resource;
  readonly role: string;
  ranges: { begin: number; end: number }[];
}

const precision = 1_000_000;

function round(value: number): number {
  return Math.round(value * precision) / precision;
}

/** The role for which `resource` is reserved; `*` when it is for everybody. */
export function roleOf(resource: Resource): string {
  return resource.reservations?.at(-1)?.role ?? resource.role ?? "*";
}

/** What an offer has left while instances are matched into it. Reserved resources go first. */
export class OfferResources {
  readonly #scalars = new Map<string, ScalarPool[]>();
  readonly #ports: PortPool[] = [];

  constructor(offer: Pick<Offer, "resources">) {
    for (const resource of offer.resources ?? []) {
      const role = roleOf(resource);
      if (resource.name === "ports") {
        const ranges = (resource.ranges?.range ?? []).map((r) => ({
          begin: Number(r.begin),
          end: Number(r.end),
        }));
        this.#ports.push({ template: resource, role, ranges });
      } else if (resource.type === "SCALAR") {
        const pools = this.#scalars.get(resource.name) ?? [];
        pools.push({ template: resource, role, remaining: resource.scalar?.value ?? 0 });
        this.#scalars.set(
          resource.name,
          pools.sort((a, b) => Number(a.role === "*") - Number(b.role === "*")),
        );
      }
    }
  }

  /** Whether anything at all is offered for one of `roles`. */
  offersAny(roles: ReadonlySet<string>): boolean {
    const pools: { readonly role: string }[] = [...[...this.#scalars.values()].flat(), ...this.#ports];
    return pools.some((p) => roles.has(p.role));
  }

  has(name: string, amount: number, roles: ReadonlySet<string>): boolean {
    const pools = (this.#scalars.get(name) ?? []).filter((p) => roles.has(p.role));
    return round(pools.reduce((sum, p) => sum + p.remaining, 0)) >= round(amount);
  }

  /** Takes `amount` and returns the resources as a TaskInfo names them. */
  take(name: string, amount: number, roles: ReadonlySet<string>): Resource[] {
    let missing = amount;
    const taken: Resource[] = [];
    for (const pool of (this.#scalars.get(name) ?? []).filter((p) => roles.has(p.role))) {
      const part = Math.min(missing, pool.remaining);
      if (part <= 0) continue;
      pool.remaining = round(pool.remaining - part);
      missing = round(missing - part);
      taken.push({ ...pool.template, scalar: { value: part } });
    }
    return taken;
  }

  /**
   * One host port for each wish (0 = any, from `startAt` on and around); undefined when a wish cannot be met.
   * Nothing is taken yet.
   */
  findPorts(wishes: readonly number[], roles: ReadonlySet<string>, startAt = 0): number[] | undefined {
    const fixed = new Set(wishes.filter((w) => w !== 0));
    const used = new Set<number>();
    const found: number[] = [];
    for (const wish of wishes) {
      const port =
        wish === 0
          ? this.#freePort(roles, used, fixed, startAt)
          : this.#offersPort(wish, roles)
            ? wish
            : undefined;
      if (port === undefined || used.has(port)) return undefined;
      used.add(port);
      found.push(port);
    }
    return found;
  }

  takePorts(ports: readonly number[], roles: ReadonlySet<string>): Resource[] {
    const taken: Resource[] = [];
    for (const pool of this.#ports.filter((p) => roles.has(p.role))) {
      const mine = ports.filter((port) => pool.ranges.some((r) => r.begin <= port && port <= r.end));
      if (mine.length === 0) continue;
      for (const port of mine) pool.ranges = pool.ranges.flatMap((r) => cut(r, port));
      taken.push({ ...pool.template, ranges: { range: mine.map((port) => ({ begin: port, end: port })) } });
    }
    return taken;
  }

  #offersPort(port: number, roles: ReadonlySet<string>): boolean {
    return this.#ports.some(
      (pool) => roles.has(pool.role) && pool.ranges.some((r) => r.begin <= port && port <= r.end),
    );
  }

  #freePort(
    roles: ReadonlySet<string>,
    used: ReadonlySet<number>,
    fixed: ReadonlySet<number>,
    startAt: number,
  ): number | undefined {
    const ranges = this.#ports.filter((p) => roles.has(p.role)).flatMap((p) => p.ranges);
    for (const from of [startAt, 0]) {
      for (const range of ranges) {
        for (let port = Math.max(range.begin, from); port <= range.end; port++) {
          if (!used.has(port) && !fixed.has(port)) return port;
        }
      }
    }
    return undefined;
  }
}

function cut(range: { begin: number; end: number }, port: number): { begin: number; end: number }[] {
  if (port < range.begin || port > range.end) return [range];
  return [
    { begin: range.begin, end: port - 1 },
    { begin: port + 1, end: range.end },
  ].filter((r) => r.begin <= r.end);
}
