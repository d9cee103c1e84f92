// SPDX-License-Identifier: Apache-2.0
import { describeAutoscalePolicy } from "@pulumi-mesos/model";
import type { ControllerParts } from "./controller";
import { lookAtMarathon, lookAtMesos } from "./look";
import { decodeDeclaration, hostsOf, type Pool, scaledPool, withPlaces } from "./pool";
import { Scaler, type ScalingReport } from "./scaling/scaler";
import { sizeOf } from "./scaling/sense";
import { AppScaler, type AppScalerParts } from "./traffic/app-scaler";

/** How long requests are counted. */
const countMs = 2_000;

/** What autoscaling would do now, in words, from what is declared, remembered and seen; writes and starts nothing. */
export async function dryRun(
  parts: ControllerParts & AppScalerParts,
  signal: AbortSignal,
): Promise<string[]> {
  return [...(await groupLines(parts, signal)), ...(await appLines(parts, signal))];
}

async function appLines(parts: AppScalerParts, signal: AbortSignal): Promise<string[]> {
  const scaler = new AppScaler(parts);
  await scaler.read();
  if (Object.keys(scaler.report).length === 0) return [];
  await scaler.sample(signal);
  await parts.clock.pause(countMs, signal);
  await scaler.sample(signal);
  await scaler.decide(signal, false);
  return Object.entries(scaler.report).flatMap(([app, { policy, decisions }]) => {
    const [decision] = decisions;
    if (decision === undefined) return [`${app}: ${policy}`];
    const { from, instances, reasons, held } = decision;
    return [
      `${app}: ${policy}`,
      `  now ${from} instances; would be ${instances}${held === undefined ? "" : `, but ${held}`}`,
      ...reasons.map((reason) => `  ${reason}`),
    ];
  });
}

async function groupLines(parts: ControllerParts, signal: AbortSignal): Promise<string[]> {
  const { store, backend } = parts;
  const scaler = new Scaler(parts);
  const names = await store.pools(() => {});
  const read = await Promise.all(names.map((name) => readPool(parts, scaler, name)));
  const pools = read.filter((pool) => pool !== undefined);
  const scaled = pools.map((pool) => scaledPool(pool, backend, undefined));
  if (scaled.every(({ declaration }) => declaration.autoscale === undefined))
    return ["no group sizes itself"];
  const [seen, { documents: apps }, moves] = await Promise.all([
    lookAtMesos(parts, hostsOf(pools), signal),
    lookAtMarathon(parts, signal),
    store.moves(),
  ]);
  const sizes = new Map(scaled.map((pool) => [pool.name, sizeOf(pool)]));
  await scaler.decide(await withPlaces(scaled, backend, parts.log), seen, { apps, moves }, signal);
  return pools
    .flatMap((pool) => linesOf(pool, sizes.get(pool.name) ?? 0, scaler.report))
    .concat(waitingLines(scaler.report));
}

async function readPool(
  { store, backend }: ControllerParts,
  scaler: Scaler,
  name: string,
): Promise<Pool | undefined> {
  const node = await store.declaration(name, () => {});
  if (node === undefined || node.data.length === 0) return undefined;
  const decoded = decodeDeclaration(node.data, backend.kind);
  if ("failure" in decoded) return undefined;
  const [state, members, stored] = await Promise.all([
    store.state(name),
    backend.members(name),
    store.scale(name),
  ]);
  const { declaration } = decoded;
  const scale = declaration.autoscale === undefined ? undefined : scaler.state(name, stored);
  return { name, declaration, version: node.version, state, members, scale };
}

function linesOf({ name, declaration }: Pool, size: number, report: ScalingReport): string[] {
  const { autoscale } = declaration;
  const [decision] = report.groups[name]?.decisions ?? [];
  if (autoscale === undefined || decision === undefined) return [`${name}: ${size} agents, as declared`];
  return [
    `${name}: ${describeAutoscalePolicy(autoscale)}`,
    `  now ${size} agents; would be ${decision.size}${decision.change === undefined ? "" : `: ${decision.change}`}`,
    ...decision.reasons.map((reason) => `  ${reason}`),
  ];
}

function waitingLines({ unplaceable, queued }: ScalingReport): string[] {
  return [
    ...queued.map(
      ({ work, tasks, refused, hopeless }) =>
        `${work}: ${tasks} ${tasks === 1 ? "task waits" : "tasks wait"}${refused === "" ? "" : `; Marathon refused offers: ${refused}`}${hopeless === undefined ? "" : `; ${hopeless}`}`,
    ),
    ...unplaceable.map(({ works, tasks, reason }) => `${works.join(", ")}: ${tasks} in vain: ${reason}`),
  ];
}
