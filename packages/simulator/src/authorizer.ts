// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

/** ANY, NONE, or some values (docs/authorization.md). */
interface Entity {
  readonly type?: "SOME" | "ANY" | "NONE";
  readonly values?: readonly string[];
}

/** What each action is about, beside who asks for it. */
const objects = {
  register_frameworks: "roles",
  run_tasks: "users",
  teardown_frameworks: "framework_principals",
  reserve_resources: "roles",
  unreserve_resources: "reserver_principals",
  create_volumes: "roles",
  destroy_volumes: "creator_principals",
  resize_volumes: "roles",
  update_quotas: "roles",
  get_quotas: "roles",
  view_roles: "roles",
  update_weights: "roles",
  get_endpoints: "paths",
  view_frameworks: "users",
  view_tasks: "users",
  view_executors: "users",
  view_flags: "flags",
  register_agents: "agents",
  update_maintenance_schedules: "machines",
  get_maintenance_schedules: "machines",
  start_maintenances: "machines",
  stop_maintenances: "machines",
  get_maintenance_statuses: "machines",
  mark_agents_gone: "agents",
  drain_agents: "agents",
  deactivate_agents: "agents",
  reactivate_agents: "agents",
  set_log_level: "level",
  access_mesos_logs: "logs",
  access_sandboxes: "users",
  view_containers: "users",
  view_standalone_containers: "users",
  view_resource_providers: "resource_providers",
  // Of what agents answer 501 to, so that the rules of a real one are read.
  launch_nested_containers_as_user: "users",
  launch_nested_containers_under_parent_with_user: "users",
  kill_nested_containers: "users",
  wait_nested_containers: "users",
  remove_nested_containers: "users",
  launch_nested_container_sessions_as_user: "users",
  launch_nested_container_sessions_under_parent_with_user: "users",
  attach_containers_input: "users",
  attach_containers_output: "users",
  launch_standalone_containers: "users",
  kill_standalone_containers: "users",
  wait_standalone_containers: "users",
  remove_standalone_containers: "users",
  modify_resource_provider_configs: "resource_providers",
  mark_resource_providers_gone: "resource_providers",
  prune_images: "images",
} as const;

export type Action = keyof typeof objects;

interface Rule {
  readonly subject: Entity;
  readonly object: Entity;
}

/** Decides who may do what at a master or an agent, which read the same rules, by `--acls`: the first rule of an action that is about both decides. */
export class Authorizer {
  readonly #rules: ReadonlyMap<Action, readonly Rule[]>;
  readonly #permissive: boolean;

  private constructor(rules: ReadonlyMap<Action, readonly Rule[]>, permissive: boolean) {
    this.#rules = rules;
    this.#permissive = permissive;
  }

  /** Everybody may do everything, as without `--acls`. */
  static readonly open = new Authorizer(new Map(), true);

  /** Reads `--acls`; throws with what is wrong. */
  static parse(text: string): Authorizer {
    const acls = read(text);
    const rules = new Map<Action, Rule[]>();
    for (const [name, list] of Object.entries(acls)) {
      if (name === "permissive") continue;
      const object = objects[name as Action];
      if (object === undefined) throw failure(`'${name}' is not simulated`);
      if (!Array.isArray(list)) throw failure(`'${name}' must be a list`);
      rules.set(
        name as Action,
        list.map((rule: Record<string, unknown>) => ({
          subject: entity(rule["principals"], `${name}.principals`),
          object: entity(rule[object], `${name}.${object}`),
        })),
      );
    }
    return new Authorizer(rules, acls["permissive"] !== false);
  }

  /** Whether there is anything to decide. */
  get isOpen(): boolean {
    return this.#rules.size === 0 && this.#permissive;
  }

  allows(action: Action, principal: string | undefined, object?: string): boolean {
    for (const { subject, object: about } of this.#rules.get(action) ?? []) {
      if (matches(subject, principal) && matches(about, object))
        return subject.type !== "NONE" && about.type !== "NONE";
    }
    return this.#permissive;
  }
}

function matches(rule: Entity, value: string | undefined): boolean {
  if (rule.type === "ANY" || rule.type === "NONE") return true;
  return value !== undefined && (rule.values ?? []).some((own) => own === value || isBelow(own, value));
}

/** `a/%` is every role below a. */
function isBelow(rule: string, value: string): boolean {
  return rule.endsWith("/%") && value.startsWith(rule.slice(0, -1));
}

function read(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    throw new MesosError("MESOS_SIMULATOR_FLAG", "expected ACLs as a JSON object", { cause: error });
  }
  throw failure("expected a JSON object");
}

function entity(value: unknown, where: string): Entity {
  if (typeof value !== "object" || value === null) throw failure(`'${where}' is missing`);
  const { type, values } = value as { type?: unknown; values?: unknown };
  if (type !== undefined && type !== "SOME" && type !== "ANY" && type !== "NONE") {
    throw failure(`'${where}.type' must be SOME, ANY or NONE`);
  }
  if (values !== undefined && !(Array.isArray(values) && values.every((v) => typeof v === "string"))) {
    throw failure(`'${where}.values' must be a list of text`);
  }
  return { ...(type === undefined ? {} : { type }), ...(values === undefined ? {} : { values }) };
}

function failure(why: string): MesosError {
  return new MesosError("MESOS_SIMULATOR_FLAG", `Failed to parse ACLs: ${why}`);
}
