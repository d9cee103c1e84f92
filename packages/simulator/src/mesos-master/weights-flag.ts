// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

/** `role=weight,role=weight` */
export function parseWeights(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const [role, value, ...rest] = pair.split("=");
      const weight = Number(value);
      if (role === undefined || role === "" || rest.length > 0 || !(weight > 0)) {
        throw new MesosError(
          "MESOS_SIMULATOR_FLAG",
          `Invalid weight: '${pair}'. --weights should be of the form 'role=weight,role=weight'`,
        );
      }
      return [role, weight];
    }),
  );
}
