// SPDX-License-Identifier: Apache-2.0
import type { AnyType } from "../resource-type";
import { balancers } from "./balancers";
import { groups } from "./groups";
import { machines } from "./machines";
import { names } from "./names";
import { network } from "./network";
import { roles } from "./roles";
import { routes } from "./routes";
import { security } from "./security";

/** Exactly the types that `examples/aws` uses. */
export const resourceTypes: Readonly<Record<string, AnyType>> = {
  ...network,
  ...routes,
  ...security,
  ...machines,
  ...groups,
  ...names,
  ...roles,
  ...balancers,
};
