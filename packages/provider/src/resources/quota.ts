// SPDX-License-Identifier: Apache-2.0
import { MesosClient, StatusError } from "@pulumi-mesos/client";
import {
  checkQuotaRules,
  isNoQuota,
  MesosError,
  normaliseQuota,
  type Quota,
  QuotaInputs,
} from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import { goneWithCluster } from "../gone-cluster";
import type { Context, DiffRequest, DiffResult, ReadRequest, Resource } from "../resource";

const noOutputs = {};
type NoOutputs = typeof noOutputs;

/** What a role is guaranteed and limited to, kept by Mesos's masters. */
export const quota: Resource<QuotaInputs, NoOutputs> = {
  description: "What a role of Mesos is guaranteed and limited to. Needs Mesos 1.9.",
  inputs: QuotaInputs,
  outputs: noOutputs,
  // An election of masters is waited out for half a minute.
  timeouts: { create: 120, read: 60, update: 120, delete: 120 },
  check: ({ inputs }) => ({ inputs, failures: checkQuotaRules(inputs) }),
  diff,
  preview: () => noOutputs,
  async create(inputs, context) {
    const { role } = inputs;
    const found = await quotaOfRole(role, context);
    if (found !== undefined && !isSame(found, inputs)) {
      throw new MesosError(
        "MESOS_QUOTA_EXISTS",
        `role ${role} has another quota already (${describe(found)}); to take it over run \`pulumi import mesos:index:Quota ${context.urn.name} ${shellWord(role)}\`, or give it up`,
      );
    }
    if (found === undefined) await write(inputs, context);
    return { id: role, outputs: noOutputs };
  },
  read,
  async update(_id, state, inputs, context) {
    // `force` is for the next write, and none of its own.
    if (!isSame(state, inputs)) await write(inputs, context);
    return noOutputs;
  },
  async delete(role, _state, context) {
    try {
      // By force, because to take a quota away never asks for more than there is.
      await clientIn(context).updateQuota(
        { role, guarantees: {}, limits: {} },
        { force: true },
        context.signal,
      );
    } catch (error) {
      goneWithCluster(error, { id: role, word: "quota", server: "master" }, context);
    }
  },
};

function diff({ oldInputs, inputs }: DiffRequest<QuotaInputs, QuotaInputs>): DiffResult {
  const differences = compareInputs(oldInputs, inputs, ["role"]);
  const lower = Object.entries((inputs["limits"] ?? {}) as Readonly<Record<string, unknown>>).some(
    ([name, limit]) => typeof limit === "number" && limit < (oldInputs.limits?.[name] ?? Infinity),
  );
  if (!lower || inputs["role"] !== oldInputs.role) return { differences };
  return {
    differences,
    summary: "a limit goes down: what runs goes on, and the role is offered nothing above it",
  };
}

async function read(
  { id, known }: ReadRequest<QuotaInputs, QuotaInputs>,
  context: Context,
): Promise<{ id: string; inputs: QuotaInputs; outputs: NoOutputs } | undefined> {
  const found = await quotaOfRole(id, context);
  if (found === undefined) return undefined;
  if (known && isSame(found, known.inputs)) return { id, inputs: known.inputs, outputs: noOutputs };
  const force = known?.inputs.force;
  const inputs = { role: id, ...withoutEmpty(found), ...(force === undefined ? {} : { force }) };
  return { id, inputs, outputs: noOutputs };
}

/** The quota that the masters keep for a role, in normal form. */
async function quotaOfRole(role: string, context: Context): Promise<Required<Quota> | undefined> {
  const found = (await clientIn(context).getQuotas(context.signal)).find((one) => one.role === role);
  return found === undefined || isNoQuota(found) ? undefined : normaliseQuota(found);
}

async function write(inputs: QuotaInputs, context: Context): Promise<void> {
  const { role, force } = inputs;
  try {
    await clientIn(context).updateQuota({ role, ...normaliseQuota(inputs) }, { force }, context.signal);
  } catch (error) {
    throw refusal(error) ?? error;
  }
}

/** The masters' refusal in their words, with what helps. */
function refusal(error: unknown): MesosError | undefined {
  if (!(error instanceof StatusError) || error.status !== 400) return undefined;
  if (/Expecting 'type'/.test(error.body)) {
    return new MesosError("MESOS_QUOTA_REFUSED", "these masters know no UPDATE_QUOTA; it needs Mesos 1.9", {
      cause: error,
    });
  }
  const words = error.body.replace(/^Invalid QuotaConfig: /, "");
  const said = words.replace(/ \(use 'force' flag.*$/, "");
  const way = said.includes("consuming")
    ? "raise the limits, free some of it"
    : "lower the guarantees, add agents";
  const fix = said === words ? "" : `; ${way}, or set force: true, which ends nothing that runs`;
  return new MesosError("MESOS_QUOTA_REFUSED", `${said}${fix}`, { cause: error });
}

function isSame(one: Quota, other: Quota): boolean {
  return compareInputs(normaliseQuota(one), normaliseQuota(other), "all").length === 0;
}

function withoutEmpty(found: Required<Quota>): Quota {
  return Object.fromEntries(Object.entries(found).filter(([, amounts]) => Object.keys(amounts).length > 0));
}

function describe(found: Required<Quota>): string {
  const amounts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  return Object.entries(withoutEmpty(found))
    .map(([field, of]) => `${field} ${amounts(of)}`)
    .join("; ");
}

/** `*` is a pattern of the shell's. */
function shellWord(role: string): string {
  return /^[\w.-]+$/.test(role) ? role : `'${role.replaceAll("'", "'\\''")}'`;
}

function clientIn({ config }: Context): MesosClient {
  if (config.mesosUrls.length === 0) {
    throw new MesosError(
      "MESOS_QUOTA_NO_MASTERS",
      "mesosUrls: the resource's provider has none; give the resource { provider: cluster.provider } or set mesos:mesosUrls",
    );
  }
  const masters = config.mesosUrls.map((url) => new URL(url).host);
  const tls = config.mesosUrls[0]?.startsWith("https:") === true ? { ca: config.mesosCa } : undefined;
  return new MesosClient({
    masters,
    authorization: config.mesosAuthorization,
    addressMap: config.addressMap,
    way: config.way,
    ...(tls && { tls }),
  });
}
