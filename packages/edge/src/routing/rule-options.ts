// SPDX-License-Identifier: Apache-2.0
import type { BambooService } from "@pulumi-mesos/model";
import { type BackendOptions, isNetwork, isTrue } from "./labels";
import type { Backend } from "./route";

/** Nobody has this address: a list of which nothing is left must not let everybody in. */
const nobody = "0.0.0.0/32";

/**
 * `backend` with what a rule's config asks for: `RedirectToHttps` and `UseHsts` (`true`) and `AllowedNetworks` (addresses and
 * networks, by spaces or commas), as marathon-lb's labels do for hosts. What is wrong is named in `leftOut`.
 */
export function withRuleOptions(
  backend: Backend,
  rule: BambooService | undefined,
  leftOut: Map<string, string>,
): Backend {
  const config = rule?.Config;
  if (!rule || !config) return backend;
  const asked = (key: string): boolean => isTrue(config[key] ?? "");
  const networks = config["AllowedNetworks"]?.split(/[\s,]+/).filter(Boolean);
  const bad = networks?.filter((network) => !isNetwork(network)) ?? [];
  if (bad.length > 0) {
    const got = bad.map((network) => JSON.stringify(network.slice(0, 100))).join(", ");
    leftOut.set(`${rule.Id} AllowedNetworks`, `must be IP addresses and networks, got ${got}`);
  }
  const allowed = networks?.filter(isNetwork);
  const options: BackendOptions = {
    mode: "http",
    ...(asked("RedirectToHttps") && { redirectToHttps: true }),
    ...(asked("UseHsts") && { hsts: true }),
    ...(allowed && { allowed: allowed.length > 0 ? allowed : [nobody] }),
  };
  return Object.keys(options).length > 1 ? { ...backend, options } : backend;
}
