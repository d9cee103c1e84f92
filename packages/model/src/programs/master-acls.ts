// SPDX-License-Identifier: Apache-2.0
import type { UserOf } from "../credentials";

type Principal = UserOf<"mesos">;

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
  get_maintenance_schedules: ["machines", ["operator"]],
  get_maintenance_statuses: ["machines", ["operator"]],
  start_maintenances: ["machines", ["operator"]],
  stop_maintenances: ["machines", ["operator"]],
  update_maintenance_schedules: ["machines", ["operator"]],
};

/** The text of a file for `--acls`: each principal may do what it is for, and nobody anything else. */
export function masterAcls(): string {
  const acls = Object.entries(rules).map(([action, [about, values]]) => [
    action,
    [{ principals: { type: "SOME", values }, [about]: { type: "ANY" } }],
  ]);
  return `${JSON.stringify({ permissive: false, ...Object.fromEntries(acls) })}\n`;
}
