// SPDX-License-Identifier: Apache-2.0
import type { MarathonFlags } from "../flags";

/** What `/v2/info` shows beside the flags. */
export interface InfoFacts {
  readonly version: string;
  readonly elected: boolean;
  readonly leader: string | undefined;
  /** host:port of the leading master, as far as it is known here. */
  readonly master: string | undefined;
  readonly httpPort: number;
  readonly httpsPort: number;
}

function redacted(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//xxxxxxxx:xxxxxxxx@");
}

/** The body of `/v2/info` but for the framework's id: the keys of Marathon, which strict clients know by name. */
export function renderInfo(flags: MarathonFlags, facts: InfoFacts): Record<string, unknown> {
  const { zk } = flags;
  return {
    name: "marathon",
    version: facts.version,
    buildref: "simulator",
    elected: facts.elected,
    leader: facts.leader,
    marathon_config: marathonConfig(flags, facts),
    zookeeper_config: {
      zk: `zk://${zk.auth === undefined ? "" : "xxxxxxxx:xxxxxxxx@"}${zk.servers}${zk.path}`,
      zk_compression: flags.zk_compression,
      zk_compression_threshold: flags.zk_compression_threshold,
      zk_connection_timeout: flags.zk_connection_timeout,
      zk_max_node_size: flags.zk_max_node_size,
      zk_max_versions: flags.zk_max_versions,
      zk_session_timeout: flags.zk_session_timeout,
      zk_timeout: flags.zk_timeout,
    },
    http_config: { http_port: facts.httpPort, https_port: facts.httpsPort },
  };
}

function marathonConfig(flags: MarathonFlags, facts: InfoFacts): Record<string, unknown> {
  return {
    access_control_allow_origin: flags.access_control_allow_origin ?? null,
    checkpoint: flags.checkpoint,
    decline_offer_duration: flags.decline_offer_duration,
    default_network_name: flags.default_network_name ?? null,
    env_vars_prefix: flags.env_vars_prefix === "" ? null : flags.env_vars_prefix,
    executor: flags.executor,
    failover_timeout: flags.failover_timeout,
    features: [...flags.enable_features],
    framework_name: flags.framework_name,
    ha: true,
    hostname: flags.hostname ?? null,
    launch_token: flags.launch_tokens,
    launch_token_refresh_interval: flags.launch_token_refresh_interval,
    leader_proxy_connection_timeout_ms: flags.leader_proxy_connection_timeout,
    leader_proxy_read_timeout_ms: flags.leader_proxy_read_timeout,
    local_port_max: flags.local_port_max,
    local_port_min: flags.local_port_min,
    maintenance_mode: flags.maintenance_mode,
    master: redacted(flags.master ?? ""),
    max_instances_per_offer: flags.max_instances_per_offer,
    mesos_bridge_name: flags.mesos_bridge_name,
    mesos_leader_ui_url: facts.master === undefined ? null : `http://${facts.master}/`,
    mesos_role: flags.mesos_role,
    mesos_user: flags.mesos_user ?? null,
    min_revive_offers_interval: flags.min_revive_offers_interval,
    new_group_enforce_role: flags.new_group_enforce_role,
    offer_matching_timeout: flags.offer_matching_timeout,
    on_elected_prepare_timeout: flags.on_elected_prepare_timeout,
    reconciliation_initial_delay: flags.reconciliation_initial_delay,
    reconciliation_interval: flags.reconciliation_interval,
    scale_apps_initial_delay: flags.scale_apps_initial_delay,
    scale_apps_interval: flags.scale_apps_interval,
    task_launch_confirm_timeout: flags.task_launch_confirm_timeout,
    task_launch_timeout: flags.task_launch_timeout,
    task_lost_expunge_initial_delay: flags.task_lost_expunge_initial_delay,
    task_lost_expunge_interval: flags.task_lost_expunge_interval,
    task_reservation_timeout: flags.task_reservation_timeout,
    webui_url: flags.webui_url ?? null,
  };
}
