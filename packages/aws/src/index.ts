// SPDX-License-Identifier: Apache-2.0
export { type HourlyCost, hourlyCost, type Inventory, listPrices, type PriceTable } from "./prices";
export { checkResources, type DeclaredResource, type Finding, ruleNames } from "./rules";
