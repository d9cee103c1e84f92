// SPDX-License-Identifier: Apache-2.0
import { isConflict, isUncertain } from "@pulumi-mesos/client";
import {
  absolutePath,
  declaredApps,
  diffGroup,
  type Group,
  type GroupResourceInputs,
  normaliseGroup,
  toGroupDocument,
  withInstancesOf,
} from "@pulumi-mesos/model";
import type { Begun } from "../marathon/deploy";
import { affectedBy } from "../marathon/explain";
import { listed } from "../marathon/listed";
import { cancelOwn, writeUnlocked } from "../marathon/locked-write";
import type { Context } from "../resource";
import { isWithin } from "../secret-paths";
import { currentGroupOutputs, deployGroup, type GroupDeployment } from "./group-deploy";
import { type FoundGroup, findGroup, type GroupOutputs, type GroupState } from "./group-facts";
import { allBelow, type BeforeGroup, groupExists, refuseToOverwrite } from "./group-guard";
import { marathonIn } from "./marathon-in";

type Started = Begun<GroupOutputs>;

const shown = 5;

/** Makes the group, or adopts the one that an earlier create made, and waits until all its apps are deployed. */
export async function createGroup(
  inputs: GroupResourceInputs,
  context: Context,
): Promise<{ id: string; outputs: GroupOutputs }> {
  const path = absolutePath(inputs.groupId);
  const about: GroupDeployment = { marathon: marathonIn(context), path, inputs, context };
  const make = async (): Promise<Started> => {
    const found = await find(about);
    const before = compared(about, found);
    return before === undefined ? post(about, found) : takeOver(about, before);
  };
  const outputs = await deployGroup(about, () => written(about, make));
  return { id: path, outputs };
}

/**
 * Makes the group what the inputs say and waits until it is deployed: writes only when something differs, ends what left
 * the program, and refuses to overwrite what others changed or to end what others made.
 */
export async function updateGroup(
  path: string,
  state: GroupState,
  inputs: GroupResourceInputs,
  context: Context,
): Promise<GroupOutputs> {
  const about: GroupDeployment = { marathon: marathonIn(context), path, inputs, context, before: state };
  const change = async (): Promise<Started> => {
    const found = await find(about);
    const before = compared(about, found);
    if (before === undefined) {
      context.warn(`${path} was deleted by somebody else, so it is made again`);
      return post(about, found);
    }
    if (before.change.kind === "none") return asItIs(about, before);
    if (!inputs.force) refuseToOverwrite(before, state);
    const again = before.change.apps.appear.filter((app) => state.managed.includes(app));
    if (again.length > 0) context.warn(`deleted by somebody else, so made again: ${listed(again, shown)}`);
    return put(about, before);
  };
  return deployGroup(about, () => written(about, change));
}

/** Writes; after a refusal or a lost answer what is there counts, where it is what was asked for. */
function written(about: GroupDeployment, write: () => Promise<Started>): Promise<Started> {
  const { marathon, path, context } = about;
  return writeUnlocked(marathon.watch, path, context, write, async (error) => {
    if (!isConflict(error) && !isUncertain(error)) return undefined;
    const before = compared(about, await find(about));
    if (before === undefined) return undefined;
    if (before.change.kind === "none") return asItIs(about, before);
    if (about.before !== undefined) {
      await cancelOwn(marathon.client, about.before.deploymentId, error, context);
      return undefined;
    }
    const raced = isConflict(error) && error.deployments.length === 0;
    return raced ? takeOver(about, before) : undefined;
  });
}

/** The group as it is. */
export async function find({ marathon, path, context: { signal } }: GroupDeployment): Promise<FoundGroup> {
  return findGroup(marathon, path, (p) => marathon.client.getGroup(p, signal), signal);
}

/** What stands in Marathon against the inputs; undefined where no group is. */
export function compared(about: GroupDeployment, { live, facts }: FoundGroup): BeforeGroup | undefined {
  if (live === undefined) return undefined;
  const running = normaliseGroup(live, facts);
  const target = targetOf(about, running);
  return { live, running, target, facts, change: diffGroup(running, normaliseGroup(target, facts)) };
}

/** The document to write: with the running numbers of instances where those are left to others. */
function targetOf({ inputs, context, before }: GroupDeployment, running: Group): Group {
  const document = toGroupDocument(inputs);
  if (before === undefined) return document;
  return withInstancesOf(
    document,
    running,
    ({ at }) =>
      inputs.manageInstances === false ||
      context.ignoreChanges.some((ignored) => isWithin(`${at}.instances`, ignored)),
  );
}

/** A group that exists is made this resource's own only where that changes nothing that runs. */
async function takeOver(about: GroupDeployment, before: BeforeGroup): Promise<Started> {
  const { live, change } = before;
  if (change.kind === "none") return asItIs(about, before);
  const onlyAdds = change.paths.every(({ kind }) => kind === "add");
  if (!onlyAdds && allBelow(live).length > 0) {
    throw groupExists(about.path, about.context.urn.name, before);
  }
  return put(about, before);
}

async function post(about: GroupDeployment, { facts }: FoundGroup): Promise<Started> {
  const { marathon, path, inputs, context } = about;
  const document = { ...toGroupDocument(inputs), id: path };
  const force = { force: inputs.force ?? false };
  const { deploymentId, version } = await marathon.client.createGroup(document, context.signal, force);
  return { deploymentId, kept: keptOf(about, { version, deploymentId, serverFacts: facts }) };
}

/** `enforceRole` cannot change together with apps, so it goes first, by a PATCH (reference §1.8). */
async function put(about: GroupDeployment, before: BeforeGroup): Promise<Started> {
  const { marathon, path, inputs, context } = about;
  const { enforceRole, ...document } = before.target;
  if (before.change.paths.some((p) => p.path === "enforceRole") && enforceRole !== undefined) {
    await marathon.client.patchGroup(path, { enforceRole }, context.signal);
    if (before.change.paths.length === 1) return asItIs(about, before);
  }
  const force = { force: inputs.force ?? false };
  const answer = await marathon.client.putGroup(path, { ...document, id: path }, context.signal, force);
  const { version, deploymentId } = answer;
  return { deploymentId, kept: keptOf(about, { version, deploymentId, serverFacts: before.facts }) };
}

/** What runs is what was asked for; it may still be on its way. */
async function asItIs(about: GroupDeployment, { live }: BeforeGroup): Promise<Started> {
  const { marathon, inputs, context } = about;
  const mine = new Set(declaredApps(toGroupDocument(inputs)));
  const running = await marathon.client.getDeployments(context.signal);
  const deploymentId = running.find((d) => affectedBy(d).some((path) => mine.has(path)))?.id;
  return { deploymentId, kept: await currentGroupOutputs(about, live, deploymentId, context.signal) };
}

/** What is known without asking Marathon again. */
function keptOf(
  { inputs, before }: GroupDeployment,
  now: Pick<GroupOutputs, "version" | "deploymentId" | "serverFacts">,
): GroupOutputs {
  const managed = [...(before?.managed ?? []), ...declaredApps(toGroupDocument(inputs))];
  return { deployedApps: before?.deployedApps ?? [], ...now, managed: [...new Set(managed)].sort() };
}
