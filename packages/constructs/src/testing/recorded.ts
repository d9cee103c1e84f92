// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { disconnect, getMonitor } from "@pulumi/pulumi/runtime/settings";
import type { GetEnsembleResult } from "@pulumi-mesos/model";
import { changeOrder, functionTokens } from "@pulumi-mesos/model";

/** A resource as the engine would have heard of it. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  /** Name of the parent; empty for the stack's own children. */
  readonly parent: string;
  readonly inputs: Record<string, unknown>;
  readonly dependsOn: readonly string[];
  readonly provider: string;
  readonly deletedWith: string;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  /** How long each operation may take, as the program says; nothing where it does not. */
  readonly timeouts?: { readonly create: string; readonly update: string; readonly delete: string };
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getCustomtimeouts(): { toObject(): { create: string; update: string; pb_delete: string } } | undefined;
}

function timeoutsOf(request: RegisterRequest): Recorded["timeouts"] {
  const found = request.getCustomtimeouts()?.toObject();
  return found && { create: found.create, update: found.update, delete: found.pb_delete };
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

/**
 * Runs a program against Pulumi's mocks and answers with everything that it registered. `ensemble` are members that stand
 * already; `computed` says what a resource has beside its inputs, and what a function of another package answers.
 */
export async function record(
  program: () => void | Promise<void>,
  ensemble: GetEnsembleResult["members"] = [],
  computed: (type: string, name: string) => Record<string, unknown> = () => ({}),
): Promise<Recorded[]> {
  const inputs = new Map<string, Record<string, unknown>>();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        inputs.set(`${args.type} ${args.name}`, args.inputs as Record<string, unknown>);
        return {
          id: `${args.name}-id`,
          state: {
            ...args.inputs,
            incarnation: `${args.name}-incarnation`,
            ...computed(args.type, args.name),
          },
        };
      },
      call: (args) => {
        if (args.token !== functionTokens.getEnsemble) return computed(args.token, "");
        const names = new Set((args.inputs.members as { name: string }[]).map((m) => m.name));
        const members = ensemble.filter((m) => names.has(m.name));
        return { members, order: changeOrder(members) };
      },
    },
    "project",
    "stack",
  );
  const monitor = getMonitor() as unknown as {
    registerResource(req: RegisterRequest, ...rest: unknown[]): unknown;
  };
  const requests: RegisterRequest[] = [];
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    requests.push(request);
    return register(request, ...rest);
  };
  await program();
  await disconnect();
  return requests.map((r) => ({
    type: r.getType(),
    name: r.getName(),
    parent: nameOf(r.getParent()),
    inputs: inputs.get(`${r.getType()} ${r.getName()}`) ?? {},
    dependsOn: r.getDependenciesList().map(nameOf),
    provider: nameOf(r.getProvider().split("::").slice(0, -1).join("::")),
    deletedWith: nameOf(r.getDeletedwith()),
    deleteBeforeReplace: r.getDeletebeforereplace(),
    ignoreChanges: r.getIgnorechangesList(),
    timeouts: timeoutsOf(r),
  }));
}
