// SPDX-License-Identifier: Apache-2.0
import { type ConfigFile, computed, isMesosError, messageOf, ProcessSpec } from "@pulumi-mesos/model";
import { end, type ProcessStatus, read, searchPath, start } from "@pulumi-mesos/supervisor";
import { compareInputs, drift } from "../differences";
import { InitFailedError } from "../init-failed";
import type { Context, DiffRequest, DiffResult, Properties, Resource } from "../resource";
import { processFailures } from "./process-rules";
import { scopeIn } from "./scope";

/** What the state holds of a process besides its inputs: nothing that a restart by its supervisor changes. */
export type ProcessOutputs = {
  readonly running: boolean;
  readonly incarnation: string;
  readonly directory: string;
  readonly logFile: string;
};

/**
 * A supervised process. Any change of its inputs replaces it, so that the gates (Leave, Ready) around a member of an
 * ensemble are asked; only a dead one is repaired in place, with the incarnation that it had, and files that it reads anew
 * by itself are written while it runs.
 */
export const process: Resource<ProcessSpec, ProcessOutputs> = {
  description: "A program on this machine, kept running by a supervisor that outlives the engine.",
  inputs: ProcessSpec,
  outputs: {
    running: {
      type: "boolean",
      description: "Whether it runs; false (dead, or dying again and again) is repaired by `up`.",
    },
    incarnation: {
      type: "string",
      description: "Changes with every replacement, stays over restarts and repairs.",
    },
    directory: { type: "string", description: "Directory of its record, log and files." },
    logFile: { type: "string", description: "What it writes to stdout and stderr." },
  },
  timeouts: { create: 300, read: 30, update: 300, delete: 300 },
  refreshBeforeUpdate: true,
  check: (request) => ({ inputs: request.inputs, failures: processFailures(request) }),
  diff: differences,
  preview: (_inputs, _urn, state) => ({
    running: true,
    incarnation: state?.incarnation ?? computed,
    directory: state?.directory ?? computed,
    logFile: state?.logFile ?? computed,
  }),
  create: async (spec, context) => ({ id: spec.name, outputs: await run(spec, undefined, context) }),
  async read({ id, known }, context) {
    const status = await read(scopeIn(context), id);
    if (known === undefined) {
      if (status === undefined) return undefined;
      context.warn(
        `${id}: its record keeps no command or environment, so these are taken as the program gives them`,
      );
      return { id, inputs: { name: id } as ProcessSpec, outputs: outputsOf(status) };
    }
    if (status !== undefined) return { id, inputs: known.inputs, outputs: outputsOf(status) };
    const { incarnation, directory, logFile } = known.state;
    return { id, inputs: known.inputs, outputs: { running: false, incarnation, directory, logFile } };
  },
  update: (_id, state, spec, context) => run(spec, state.incarnation, context),
  delete: (id, _state, context) =>
    end(scopeIn(context), id, { signal: context.signal, progress: context.progress }),
};

/** After an import nothing but the name is known to compare. */
function differences({
  oldInputs,
  state,
  inputs,
}: DiffRequest<ProcessSpec, ProcessSpec & ProcessOutputs>): DiffResult {
  const imported = oldInputs.command === undefined;
  const [old, now] = [splitLive(oldInputs), splitLive(imported ? { name: inputs["name"] } : inputs)];
  const changed = compareInputs(old.fixed, now.fixed, "all");
  const rewritten = imported ? [] : compareInputs(old.live, now.live, []);
  return {
    differences: [...changed, ...rewritten, ...(state.running ? [] : [drift("running")])],
    deleteBeforeReplace: true,
  };
}

/** The inputs without live files, and those by their paths. */
function splitLive(inputs: Properties): { readonly fixed: Properties; readonly live: Properties } {
  const { files } = inputs;
  if (!Array.isArray(files)) return { fixed: inputs, live: {} };
  const isLive = (file: Partial<ConfigFile>): boolean => file.live === true;
  const live = files.filter(isLive).map((file: Partial<ConfigFile>) => [file.path, file]);
  const rest = files.filter((file) => !isLive(file));
  const { files: _, ...others } = inputs;
  return {
    fixed: rest.length === 0 ? others : { ...others, files: rest },
    live: live.length === 0 ? {} : { files: Object.fromEntries(live) },
  };
}

async function run(
  spec: ProcessSpec,
  incarnation: string | undefined,
  context: Context,
): Promise<ProcessOutputs> {
  const scope = scopeIn(context);
  try {
    const status = await start(scope, spec, {
      searchPath: searchPath(__dirname, context.environment),
      incarnation,
      signal: context.signal,
      progress: context.progress,
    });
    return outputsOf(status);
  } catch (error) {
    // What was started stays supervised and in the state: the next `up` waits for it again, or replaces it when changed.
    const status = await read(scope, spec.name);
    if (status === undefined) throw error;
    throw new InitFailedError({
      id: spec.name,
      outputs: outputsOf(status),
      reasons: [isMesosError(error) ? error.message : messageOf(error)],
      cause: error,
    });
  }
}

function outputsOf({ state, incarnation, directory, logFile }: ProcessStatus): ProcessOutputs {
  // One that waits to be started once more is down now, whoever looks after it.
  return { running: state === "running" || state === "starting", incarnation, directory, logFile };
}
