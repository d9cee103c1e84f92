// SPDX-License-Identifier: Apache-2.0
import type { UserOf } from "../credentials";

type Principal = UserOf<"mesos">;

/** What a framework of one's own may do at the masters, by its principal. */
export interface FrameworkAccess {
  /** Roles with which it may register, and reserve for; `batch/%` is every role below `batch`. */
  readonly roles: readonly string[];
  /** Users that its tasks may run as. @default any */
  readonly users?: readonly string[];
}

/** Frameworks of one's own, by principal. */
export type Frameworks = Readonly<Record<string, FrameworkAccess>>;

/** Who may do what at the masters, and what each action is about; any of it (Mesos's authorization page). */
const rules: Readonly<Record<string, readonly [about: string, principals: readonly Principal[]]>> = {
  register_agents: ["agents", ["agents"]],
  register_frameworks: ["roles", ["marathon"]],
  run_tasks: ["users", ["marathon"]],
  teardown_frameworks: ["framework_principals", ["operator"]],
  reserve_resources: ["roles", ["operator", "marathon"]],
  unreserve_resources: ["reserver_principals", ["operator", "marathon"]],
  create_volumes: ["roles", ["operator", "marathon"]],
  destroy_volumes: ["creator_principals", ["operator", "marathon"]],
  resize_volumes: ["roles", ["operator", "marathon"]],
  get_quotas: ["roles", ["operator"]],
  update_quotas: ["roles", ["operator"]],
  update_weights: ["roles", ["operator"]],
  view_roles: ["roles", ["operator"]],
  view_frameworks: ["users", ["operator", "groups"]],
  view_executors: ["users", ["operator", "groups"]],
  view_tasks: ["users", ["operator", "groups"]],
  view_flags: ["flags", ["operator"]],
  get_endpoints: ["paths", ["operator"]],
  access_mesos_logs: ["logs", ["operator"]],
  set_log_level: ["level", ["operator"]],
  drain_agents: ["agents", ["operator", "groups"]],
  deactivate_agents: ["agents", ["operator", "groups"]],
  reactivate_agents: ["agents", ["operator", "groups"]],
  mark_agents_gone: ["agents", ["operator", "groups"]],
  get_maintenance_schedules: ["machines", ["operator", "groups"]],
  get_maintenance_statuses: ["machines", ["operator"]],
  start_maintenances: ["machines", ["operator"]],
  stop_maintenances: ["machines", ["operator"]],
  update_maintenance_schedules: ["machines", ["operator"]],
};

/** What the operator may do at an agent, and what it is about: see everything, and start nothing. */
const agentRules: Readonly<Record<string, string>> = {
  get_endpoints: "paths",
  view_flags: "flags",
  view_roles: "roles",
  view_frameworks: "users",
  view_executors: "users",
  view_tasks: "users",
  view_containers: "users",
  view_standalone_containers: "users",
  view_resource_providers: "resource_providers",
  access_sandboxes: "users",
  access_mesos_logs: "logs",
  set_log_level: "level",
};

interface Entity {
  readonly type: "SOME" | "ANY";
  readonly values?: readonly string[];
}
type Rule = Readonly<Record<string, Entity>>;

const any: Entity = { type: "ANY" };
const some = (values: readonly string[]): Entity => ({ type: "SOME", values });

/** What each framework may do with its own roles, and with what it has made. */
function frameworkRules(
  principal: string,
  { roles, users }: FrameworkAccess,
): Readonly<Record<string, Rule>> {
  const principals = some([principal]);
  return {
    register_frameworks: { principals, roles: some(roles) },
    run_tasks: { principals, users: users === undefined ? any : some(users) },
    teardown_frameworks: { principals, framework_principals: principals },
    reserve_resources: { principals, roles: some(roles) },
    unreserve_resources: { principals, reserver_principals: principals },
    create_volumes: { principals, roles: some(roles) },
    destroy_volumes: { principals, creator_principals: principals },
    resize_volumes: { principals, roles: some(roles) },
  };
}

/** The text of a file for the masters' `--acls`: each principal may do what it is for, and nobody anything else. */
export function masterAcls(frameworks: Frameworks = {}): string {
  const own = Object.entries(frameworks).map(([principal, access]) => frameworkRules(principal, access));
  const acls = Object.entries(rules).map(([action, [about, values]]): [string, Rule[]] => {
    const theirs = own.map((of) => of[action]).filter((rule) => rule !== undefined);
    return [action, [{ principals: some(values), [about]: any }, ...theirs]];
  });
  return text(acls);
}

/** The text of a file for an agent's `--acls`: the operator may look at everything, and nobody may do anything else. */
export function agentAcls(): string {
  const principals = some(["operator" satisfies UserOf<"agents">]);
  return text(Object.entries(agentRules).map(([action, about]) => [action, [{ principals, [about]: any }]]));
}

function text(acls: readonly (readonly [string, readonly Rule[]])[]): string {
  return `${JSON.stringify({ permissive: false, ...Object.fromEntries(acls) })}\n`;
}
