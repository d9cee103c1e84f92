// SPDX-License-Identifier: Apache-2.0
import { isUnreachable, type ZooKeeper } from "@pulumi-mesos/client";
import {
  AgentPoolDeclaration,
  AgentPoolInputs,
  boundsOf,
  canonicalJson,
  decoder,
  digestOf,
  isMesosError,
  MesosError,
  messageOf,
  poolPath,
  poolStatusPath,
  poolsPath,
} from "@pulumi-mesos/model";
import { InitFailedError } from "../init-failed";
import type { Context, Resource } from "../resource";
import { endMembers } from "./agent-pool-members";
import { announcePool, foreseeTasks, planPoolChange } from "./agent-pool-plan";
import { poolFailures } from "./agent-pool-rules";
import { parsed, statusIn, untilSettled } from "./agent-pool-wait";
import { inZooKeeper } from "./in-zookeeper";

const noOutputs = {};
const declarations = decoder(AgentPoolDeclaration);
/** How long a delete waits for a ZooKeeper or a controller before it ends the members itself. */
const deadMs = 20_000;
/** How long tasks that have nowhere to go may hold up a delete: no pool is left that could take them. */
const stillMs = 10_000;

/** A pool's declaration in ZooKeeper. Its members are the business of the controller of agent groups alone. */
export const agentPool: Resource<AgentPoolInputs, typeof noOutputs> = {
  description:
    "The declaration of a group of Mesos agents, which its controller follows; waited for until the group is as declared.",
  inputs: AgentPoolInputs,
  outputs: noOutputs,
  timeouts: { create: 300, read: 30, update: 900, delete: 900 },
  check: (request) => ({ inputs: request.inputs, failures: poolFailures(request) }),
  diff: planPoolChange,
  preview: () => noOutputs,
  announce: announcePool,
  async foresee(_id, { declaration: old, ...where }, { declaration }, context) {
    const path = poolStatusPath(where.cluster, old.name);
    const node = await inZooKeeper(where, context, (zookeeper) => zookeeper.get(path));
    return foreseeTasks(old, declaration, node && statusIn(node.data));
  },
  async create(inputs, context) {
    await declare(inputs, context);
    return { id: idOf(inputs), outputs: noOutputs };
  },
  async read({ id, known }, context) {
    if (known === undefined) {
      throw new MesosError(
        "MESOS_POOL_IMPORT",
        `${id}: a pool cannot be imported, because its id does not say where its ZooKeeper is; declare it, and it is adopted as it runs`,
      );
    }
    const { inputs } = known;
    const node = await inZooKeeper(inputs, context, (zookeeper) => zookeeper.get(pathOf(inputs)));
    if (node === undefined) return undefined;
    const decoded = declarations.decode(parsed(node.data));
    if (!decoded.ok || digestOf(decoded.value) === digestOf(inputs.declaration)) {
      return { id, inputs, outputs: noOutputs };
    }
    return { id, inputs: { ...inputs, declaration: decoded.value }, outputs: noOutputs };
  },
  async update(_id, _state, inputs, context) {
    await declare(inputs, context);
    return noOutputs;
  },
  delete: (_id, state, context) => remove(state, context),
};

/** Writes the declaration and waits until it is followed; what was written is kept also when the wait fails. */
async function declare(inputs: AgentPoolInputs, context: Context): Promise<void> {
  await inZooKeeper(inputs, context, async (zookeeper) => {
    await write(zookeeper, inputs, inputs.declaration);
    try {
      await untilSettled(zookeeper, inputs.cluster, inputs.declaration, context);
    } catch (error) {
      const reason = context.signal.aborted ? context.signal.reason : error;
      const last = context.signal.aborted ? await lastWords(inputs, context) : [];
      throw new InitFailedError({
        id: idOf(inputs),
        outputs: noOutputs,
        reasons: [messageOf(reason), ...last],
        cause: error,
      });
    }
  });
}

/** The old report goes first, so that a failure of before is not taken for one of now. */
async function write(
  zookeeper: ZooKeeper,
  inputs: AgentPoolInputs,
  declaration: AgentPoolDeclaration,
): Promise<void> {
  await zookeeper.remove(poolStatusPath(inputs.cluster, declaration.name));
  await zookeeper.put(pathOf(inputs), Buffer.from(canonicalJson(declaration)));
}

async function remove(inputs: AgentPoolInputs, context: Context): Promise<void> {
  const { cluster, declaration } = inputs;
  let why: string | undefined;
  try {
    const open = (zookeeper: ZooKeeper): Promise<string | undefined> => drain(zookeeper, inputs, context);
    why = await inZooKeeper(inputs, context, open, deadMs / 2);
  } catch (error) {
    if (!isUnreachable(error) && !isExpired(error)) throw error;
    why = `ZooKeeper does not answer (${messageOf(error)})`;
  }
  const { names, unseen } = await endMembers(declaration, context);
  if (why === undefined) return;
  const pool = `${cluster}/${declaration.name}`;
  if (names.length > 0) context.warn(`${pool}: ended ${names.join(", ")} without draining, because ${why}`);
  if (unseen !== undefined) context.warn(`${pool}: agents may be left, because ${why}, and ${unseen}`);
}

/** Lets the controller empty the pool and removes its nodes; answers why the rest has to be ended without it. */
async function drain(
  zookeeper: ZooKeeper,
  inputs: AgentPoolInputs,
  context: Context,
): Promise<string | undefined> {
  const path = pathOf(inputs);
  if (!(await zookeeper.exists(path))) return undefined;
  const { autoscale: _, ...sized } = inputs.declaration;
  const empty = { ...sized, size: 0 };
  await write(zookeeper, inputs, empty);
  const outcome = await untilSettled(zookeeper, inputs.cluster, empty, context, {
    deadMs,
    stillMs,
    isHopeless: () => isLast(zookeeper, inputs),
  });
  await zookeeper.removeTree(path);
  switch (outcome.kind) {
    case "settled":
      return undefined;
    case "no controller":
      return "no controller of agent groups is at work";
    case "still":
      return `its tasks have nowhere to go (${outcome.message})`;
  }
}

/** Whether no other pool of the cluster has agents that could take this one's tasks. */
async function isLast(zookeeper: ZooKeeper, { cluster, declaration }: AgentPoolInputs): Promise<boolean> {
  const others = (await zookeeper.children(poolsPath(cluster))).filter((name) => name !== declaration.name);
  const sizes = await Promise.all(
    others.map(async (name) => {
      const node = await zookeeper.get(poolPath(cluster, name));
      const decoded = node && declarations.decode(parsed(node.data));
      return decoded?.ok ? boundsOf(decoded.value).max : 0;
    }),
  );
  return sizes.every((size) => size === 0);
}

/** What the controller said last, asked once more when the caller's own time is over. */
async function lastWords(inputs: AgentPoolInputs, { config }: Context): Promise<string[]> {
  const path = poolStatusPath(inputs.cluster, inputs.declaration.name);
  const signal = AbortSignal.timeout(2_000);
  try {
    const node = await inZooKeeper(inputs, { signal, config }, (session) => session.get(path));
    const status = node && statusIn(node.data);
    return [status?.message ?? "no controller of agent groups has taken the declaration up"];
  } catch (error) {
    return [`the controller cannot be asked why: ${messageOf(error)}`];
  }
}

function isExpired(error: unknown): boolean {
  return isMesosError(error) && error.code === "MESOS_ZOOKEEPER_EXPIRED";
}

function pathOf({ cluster, declaration }: AgentPoolInputs): string {
  return poolPath(cluster, declaration.name);
}

function idOf({ cluster, declaration }: AgentPoolInputs): string {
  return `${cluster}/${declaration.name}`;
}
