// SPDX-License-Identifier: Apache-2.0

import { isWithin } from "../protocol/kinds";
import {
  addQuantities,
  covers,
  excess,
  fromValues,
  isWithinLimits,
  printQuantities,
  type Quantities,
  quantitiesOf,
  toNumbers,
} from "../protocol/quantities";
import type { ResourceJson, Value } from "../protocol/types";
import { type Context, rescind } from "./context";
import type { QuotaConfig } from "./registry";
import { invalidRole, isWhitelisted, useOf } from "./roles";
import type { CallRefusal } from "./scheduler-call";

const exabyteMiB = 1024 ** 4;
const trillion = 1e12;

/** What UPDATE_QUOTA brings. */
export interface UpdateQuota {
  readonly force?: boolean;
  readonly quota_configs?: readonly QuotaConfig[];
}

/** What SET_QUOTA and POST /quota bring (deprecated). */
export interface QuotaRequest {
  readonly force?: boolean;
  readonly role?: string;
  readonly guarantee?: readonly ResourceJson[];
}

function bad(message: string): CallRefusal {
  return { status: 400, message };
}

/** Sets limits and guarantees of roles, all of them or none (docs/quota.md). */
export async function updateQuota(context: Context, update: UpdateQuota): Promise<CallRefusal | undefined> {
  const configs = update.quota_configs ?? [];
  for (const config of configs) {
    const wrong = invalidConfig(context, config);
    if (wrong !== undefined) return bad(wrong);
  }
  if (update.force !== true) {
    const wrong = exceeded(context, configs) ?? overcommitted(context, configs);
    if (wrong !== undefined)
      return bad(`Invalid QuotaConfig: ${wrong} (use 'force' flag to bypass this check)`);
  }
  await store(context, configs);
  return undefined;
}

/** Guarantees that are limits, too; a role that has quota keeps what it has. */
export async function setQuota(context: Context, request: QuotaRequest): Promise<CallRefusal | undefined> {
  const failed = "Failed to validate set quota request";
  const { role, guarantee = [] } = request;
  const wrong = invalidRequest(request);
  if (wrong !== undefined || role === undefined) return bad(`${failed}: ${wrong}`);
  if (!isWhitelisted(context.flags, role)) return bad(`${failed}: Unknown role '${role}'`);
  if (context.registrar.registry.quotas?.[role] !== undefined)
    return bad(`${failed}: Cannot set quota for role '${role}' which already has quota`);
  if (role.includes("/")) return bad(`Setting quota on nested role '${role}' is not supported yet`);
  const values = Object.fromEntries(guarantee.map((g) => [g.name, { value: g.scalar?.value ?? 0 }]));
  const config = { role, limits: values, guarantees: values };
  const over = request.force === true ? undefined : overcommitted(context, [config]);
  if (over !== undefined) {
    const why = over.replace(/^total/, "Total");
    return {
      status: 409,
      message: `Quota guarantees overcommit the cluster (use 'force' to bypass this check): ${why}`,
    };
  }
  await store(context, [config]);
  return undefined;
}

export async function removeQuota(
  context: Context,
  role: string,
  where: string,
): Promise<CallRefusal | undefined> {
  if (context.registrar.registry.quotas?.[role] === undefined)
    return bad(`Failed to validate remove quota request for ${where}: Role '${role}' has no quota set`);
  await store(context, [{ role }]);
  return undefined;
}

/** The answer of GET /quota and GET_QUOTA; what is empty is left out, as Mesos does. */
export function quotaStatus(context: Context, principal?: string): Record<string, unknown> {
  const configs = Object.values(context.registrar.registry.quotas ?? {}).filter(({ role }) =>
    context.authorizer.allows("get_quotas", principal, role),
  );
  if (configs.length === 0) return {};
  const guarantee = (config: QuotaConfig): ResourceJson[] =>
    Object.entries(toNumbers(fromValues(config.guarantees))).map(([name, value]) => ({
      name,
      type: "SCALAR",
      scalar: { value },
    }));
  return {
    infos: configs.map((config) => {
      const some = guarantee(config);
      return { role: config.role, ...(some.length === 0 ? {} : { guarantee: some }) };
    }),
    configs,
  };
}

function invalidConfig(context: Context, config: QuotaConfig): string | undefined {
  const { role } = config;
  if (typeof role !== "string") return "Invalid QuotaConfig: 'QuotaConfig.role' must be set";
  if (!isWhitelisted(context.flags, role))
    return `Invalid QuotaConfig: '${role}' is not on the roles whitelist`;
  if (role.includes("/")) return `Updating quota on nested role '${role}' is not supported yet`;
  const wrong = invalidRole(role);
  if (wrong !== undefined) return `Invalid QuotaConfig: Invalid 'QuotaConfig.role': ${wrong}`;
  for (const [field, what] of [
    ["guarantees", "guarantee"],
    ["limits", "limit"],
  ] as const) {
    for (const [name, value] of Object.entries(config[field] ?? {})) {
      const why = invalidValue(name, value);
      if (why?.startsWith("{")) return `Invalid QuotaConfig: Invalid 'QuotaConfig.${field}': ${why}`;
      if (why !== undefined)
        return `Invalid QuotaConfig: Invalid ${what} configuration {'${name}': ${value?.value}}: ${why}`;
    }
  }
  const [guarantees, limits] = [fromValues(config.guarantees), fromValues(config.limits)];
  return isWithinLimits(limits, guarantees)
    ? undefined
    : `Invalid QuotaConfig: 'QuotaConfig.guarantees' ${print(guarantees)} is not contained within the 'QuotaConfig.limits' ${print(limits)}`;
}

function invalidValue(name: string, value: Value<number> | undefined): string | undefined {
  const n = value?.value;
  if (typeof n !== "number" || !Number.isFinite(n)) return "Value is not a number";
  if ((name === "mem" || name === "disk") && n > exabyteMiB)
    return `{'${name}': ${n}} is invalid: values greater than 1 exabyte (${exabyteMiB}) are not supported`;
  if (n > trillion)
    return `{'${name}': ${n}} is invalid: values greater than 1 trillion (${trillion}) are not supported`;
  return n < 0 ? "Value is negative" : undefined;
}

function invalidRequest({ role, guarantee = [] }: QuotaRequest): string | undefined {
  if (role === undefined) return "QuotaInfo must specify a role";
  const wrong = invalidRole(role);
  if (wrong !== undefined) return `QuotaInfo with invalid role: ${wrong}`;
  if (guarantee.length === 0) return "QuotaInfo with empty 'guarantee'";
  const names = new Set<string>();
  for (const item of guarantee) {
    if ((item.reservations?.length ?? 0) > 0 || (item.role ?? "*") !== "*")
      return "QuotaInfo must not contain any ReservationInfo";
    if (item.disk !== undefined) return "QuotaInfo must not contain DiskInfo";
    if (item.revocable !== undefined) return "QuotaInfo must not contain RevocableInfo";
    if (item.type !== "SCALAR") return "QuotaInfo must not include non-scalar resources";
    if (names.has(item.name)) return `QuotaInfo contains duplicate resource name '${item.name}'`;
    const why = invalidValue(item.name, item.scalar);
    if (why !== undefined) return `QuotaInfo with invalid resource: ${why}`;
    names.add(item.name);
  }
  return undefined;
}

function exceeded(context: Context, configs: readonly QuotaConfig[]): string | undefined {
  for (const { role, limits } of configs) {
    const { consumed } = useOf(context.state, role);
    const limit = fromValues(limits);
    if (!isWithinLimits(limit, consumed)) {
      return `Role '${role}' is already consuming '${printQuantities(consumed)}'; this is more than the requested limits '${printQuantities(limit)}'`;
    }
  }
  return undefined;
}

function overcommitted(context: Context, configs: readonly QuotaConfig[]): string | undefined {
  const all = {
    ...context.registrar.registry.quotas,
    ...Object.fromEntries(configs.map((c) => [c.role, c])),
  };
  const guaranteed = addQuantities(...Object.values(all).map((c) => fromValues(c.guarantees)));
  const capacity = addQuantities(...[...context.state.agents.values()].map((a) => quantitiesOf(a.total)));
  return covers(capacity, guaranteed)
    ? undefined
    : `total quota guarantees '${printQuantities(guaranteed)}' exceed cluster capacity '${printQuantities(capacity)}'`;
}

function print(quantities: Quantities): string {
  const entries = Object.entries(toNumbers(quantities)).map(
    ([name, value]) => `"${name}":{"value":${value}}`,
  );
  return `{${entries.join(",")}}`;
}

function isDefault(config: QuotaConfig): boolean {
  const guaranteed = [...fromValues(config.guarantees).values()].some((value) => value > 0);
  return !guaranteed && Object.keys(config.limits ?? {}).length === 0;
}

/** Keeps them in the registry, then takes back offers that are against them. */
async function store(context: Context, configs: readonly QuotaConfig[]): Promise<void> {
  await context.registrar.apply((registry) => {
    const quotas = { ...registry.quotas };
    for (const config of configs) {
      if (isDefault(config)) delete quotas[config.role];
      else quotas[config.role] = config;
    }
    return { ...registry, quotas };
  });
  for (const config of configs) enforce(context, config);
  context.allocate();
}

function enforce(context: Context, { role, limits, guarantees }: QuotaConfig): void {
  const { state } = context;
  const { consumed, offered } = useOf(state, role);
  let held = addQuantities(consumed, offered);
  const [limit, owed] = [fromValues(limits), fromValues(guarantees)];
  for (const offer of [...state.offers.values()]) {
    if (isWithinLimits(limit, held)) break;
    if (!isWithin(offer.role, role)) continue;
    held = excess(held, quantitiesOf(offer.resources));
    rescind(context, offer);
  }
  for (const offer of [...state.offers.values()]) {
    if (covers(held, owed)) break;
    if (isWithin(offer.role, role)) continue;
    held = addQuantities(held, quantitiesOf(offer.resources));
    rescind(context, offer);
  }
}
