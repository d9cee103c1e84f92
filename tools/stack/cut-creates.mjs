// SPDX-License-Identifier: Apache-2.0

import { join } from "node:path";
import { repository } from "../setup/cache.mjs";
import { SetupError, say } from "../setup/report.mjs";
import { askEngine } from "./engine.mjs";

/**
 * What an exported state says was being made on this machine when the engine was killed. The engine asks nobody to
 * delete it: it knows no more than that it had asked for it.
 */
export function cutCreates({ deployment = {} }) {
  const operations = (deployment.pending_operations ?? []).filter(({ type }) => type === "creating");
  return operations.flatMap(({ resource: { urn, type, inputs = {} } }) => {
    const [stack, project] = urn.slice("urn:pulumi:".length).split("::");
    const at = { project, stack };
    switch (type) {
      case "mesos:local:Process":
        return [{ ...at, kind: "process", name: inputs.name }];
      case "mesos:local:Volume":
        return [{ ...at, kind: "volume", name: inputs.name }];
      case "mesos:index:AgentPool":
        return [{ ...at, kind: "pool", name: inputs.declaration?.name }];
      default:
        return []; // Gates leave nothing; apps and rules go with the cluster.
    }
  });
}

/** Ends and removes what {@link cutCreates} found; gone already is success. */
export async function endCutCreates(cut, env) {
  const supervisor = await import(join(repository, "packages/supervisor/dist/index.js"));
  const { end, list, listVolumes, removeVolume, scopeOf, stateRoot } = supervisor.default;
  for (const { kind, name, project, stack } of cut) {
    const scope = scopeOf(stateRoot(env), project, stack);
    const isOurs = (other) =>
      kind === "pool"
        ? other.startsWith(`${name}-`) && /^\d+$/.test(other.slice(name.length + 1))
        : other === name;
    const programs = kind === "volume" ? [] : (await list(scope)).map((program) => program.name);
    for (const program of programs.filter(isOurs)) {
      say(`down: ${program} was being made when the engine was killed; ending it`);
      await end(scope, program, { signal: AbortSignal.timeout(120_000), progress: say });
    }
    const volumes = kind === "process" ? [] : await listVolumes(scope);
    for (const volume of volumes.filter(isOurs)) await removeVolume(scope, volume);
  }
}

/** After a destroy that left nothing in the state: takes away what only a cut create knows of. */
export async function mendCutCreates(stack, env) {
  const { code, stdout, output } = await askEngine(["stack", "export", "--stack", stack], env);
  if (code !== 0) throw new SetupError(`pulumi stack export failed: ${output.trim().replaceAll("\n", "; ")}`);
  const exported = JSON.parse(stdout);
  if ((exported.deployment?.resources ?? []).length > 0) return;
  if ((exported.deployment?.pending_operations ?? []).length === 0) return;
  await endCutCreates(cutCreates(exported), env);
  const clear = ["refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", stack];
  const cleared = await askEngine(clear, env);
  if (cleared.code !== 0)
    throw new SetupError(`pulumi refresh failed: ${cleared.output.trim().replaceAll("\n", "; ")}`);
}
