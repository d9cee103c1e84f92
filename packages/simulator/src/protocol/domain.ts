// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

/** DomainInfo of mesos.proto. */
export interface Domain {
  readonly fault_domain: {
    readonly region: { readonly name: string };
    readonly zone: { readonly name: string };
  };
}

export function regionOf(domain: Domain | undefined): string | undefined {
  return domain?.fault_domain?.region?.name;
}

/** `--domain`; throws when it is no fault domain (docs/fault-domains.md). */
export function parseDomain(text: string): Domain {
  let value: Partial<Domain> | null;
  try {
    value = JSON.parse(text) as Partial<Domain> | null;
  } catch {
    value = null; // what it says may be long; the message names what is wanted
  }
  const region: unknown = value?.fault_domain?.region?.name;
  const zone: unknown = value?.fault_domain?.zone?.name;
  if (typeof region !== "string" || typeof zone !== "string") {
    throw new MesosError(
      "MESOS_SIMULATOR_DOMAIN",
      'expected {"fault_domain":{"region":{"name":"…"},"zone":{"name":"…"}}}',
    );
  }
  return { fault_domain: { region: { name: region }, zone: { name: zone } } };
}
