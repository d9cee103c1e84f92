// SPDX-License-Identifier: Apache-2.0
import type { HourlyCost } from "pulumi-mesos";

/** On-demand prices in US dollars. They change: give your own, or correct one by `{ ...listPrices, instanceHour: { … } }`. */
export interface PriceTable {
  /** When they were looked up, and for which region. */
  readonly date: string;
  readonly region: string;
  /** By instance type, Linux. */
  readonly instanceHour: Readonly<Record<string, number>>;
  readonly gp3GiBMonth: number;
  /** A gateway, without the traffic through it. */
  readonly natGatewayHour: number;
  /** A network load balancer, without its capacity units. */
  readonly balancerHour: number;
  readonly publicAddressHour: number;
}

/** List prices of one region, for an estimate; other regions differ. */
export const listPrices: PriceTable = {
  date: "2025-06-01",
  region: "us-east-1",
  instanceHour: {
    "t3.small": 0.0208,
    "t3.medium": 0.0416,
    "t3.large": 0.0832,
    "t3.xlarge": 0.1664,
    "t4g.small": 0.0168,
    "t4g.medium": 0.0336,
    "t4g.large": 0.0672,
    "m6i.large": 0.096,
    "m6i.xlarge": 0.192,
    "m6i.2xlarge": 0.384,
    "m7g.large": 0.0816,
    "m7g.xlarge": 0.1632,
    "m7i.large": 0.1008,
    "m7i.xlarge": 0.2016,
    "c6i.large": 0.085,
    "c6i.xlarge": 0.17,
    "r6i.large": 0.126,
    "r6i.xlarge": 0.252,
  },
  gp3GiBMonth: 0.08,
  natGatewayHour: 0.045,
  balancerHour: 0.0225,
  publicAddressHour: 0.005,
};

/** What is paid by the hour, whether it is used or not. */
export interface Inventory {
  /** How many instances of each type. */
  readonly instances: Readonly<Record<string, number>>;
  readonly volumeGiB: number;
  readonly natGateways: number;
  readonly balancers: number;
  readonly publicAddresses: number;
}

const hoursAMonth = 730;

/** What an inventory costs an hour. */
export function hourlyCost(inventory: Inventory, prices: PriceTable): HourlyCost {
  const types = Object.entries(inventory.instances);
  const instances = types.reduce((sum, [type, count]) => sum + count * (prices.instanceHour[type] ?? 0), 0);
  const usd =
    instances +
    (inventory.volumeGiB * prices.gp3GiBMonth) / hoursAMonth +
    inventory.natGateways * prices.natGatewayHour +
    inventory.balancers * prices.balancerHour +
    inventory.publicAddresses * prices.publicAddressHour;
  const unpriced = types.filter(([type]) => prices.instanceHour[type] === undefined).map(([type]) => type);
  return { usd: Math.round(usd * 10_000) / 10_000, date: prices.date, unpriced: unpriced.sort() };
}
