// SPDX-License-Identifier: Apache-2.0
import type { Instance, InstanceTask } from "../instances/instance";
import { strategiesOf } from "../instances/task-keeper";
import type { Offer, Operation, TaskGroup, TaskInfo } from "../mesos/messages";
import { isPod, type RunSpec } from "../run-spec/run-spec";
import { type Match, placeOf } from "./match";
import { containerTasks, taskGroup } from "./task-group";
import { type TaskOptions, taskInfo } from "./task-info";

/** An instance on its way into an offer, and what Mesos is told of it. */
export interface Launch {
  readonly instance: Instance & { readonly task: InstanceTask };
  readonly what: { readonly task: TaskInfo } | { readonly group: TaskGroup };
}

/** The next incarnation of `instance`, provisioned into `offer` as `match` says. */
export function launchOf(parts: {
  instance: Instance;
  spec: RunSpec;
  offer: Offer;
  match: Match;
  options: TaskOptions;
  now: number;
}): Launch {
  const { instance, spec, offer, match, options, now } = parts;
  const incarnation = instance.incarnation + 1;
  const placed = {
    agentId: offer.agent_id.value,
    ...placeOf(offer),
    ports: match.hostPorts.filter((p) => p !== undefined),
    ipAddresses: [],
    state: "TASK_STAGING",
    stagedAt: now,
  };
  const provisioned = (task: InstanceTask) => ({
    ...instance,
    condition: "Provisioned" as const,
    incarnation,
    version: spec.version,
    role: spec.role,
    since: now,
    ...strategiesOf(spec),
    ...(instance.reservation === undefined
      ? {}
      : { reservation: { ...instance.reservation, confirmed: true } }),
    task,
  });
  if (isPod(spec)) {
    const containers = containerTasks(spec, instance.id, incarnation, match, now);
    const group = taskGroup(spec, { instanceId: instance.id, containers, offer, match, options });
    return {
      instance: provisioned({ id: containers[0]?.id ?? instance.id, ...placed, containers }),
      what: { group },
    };
  }
  const id = `${instance.id}._app.${incarnation}`;
  return {
    instance: provisioned({ id, ...placed }),
    what: { task: taskInfo(spec, id, offer, match, options) },
  };
}

/** All tasks in one LAUNCH, and a LAUNCH_GROUP for each pod's instance. */
export function operationsOf(launches: readonly Launch[]): Operation[] {
  const tasks = launches.flatMap(({ what }) => ("task" in what ? [what.task] : []));
  const groups = launches.flatMap(({ what }) => ("group" in what ? [what.group] : []));
  return [
    ...(tasks.length === 0 ? [] : [{ type: "LAUNCH" as const, launch: { task_infos: tasks } }]),
    ...groups.map((launch_group) => ({ type: "LAUNCH_GROUP" as const, launch_group })),
  ];
}
