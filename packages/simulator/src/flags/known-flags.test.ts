// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { marathonFlags, validateMarathonFlags } from "../marathon/flags";
import { agentFlags, validateAgentFlags } from "../mesos-agent/flags";
import { masterFlags, validateMasterFlags } from "../mesos-master/flags";
import { Fixture, http, valuesOf } from "../test-cluster.test";
import { listenIp } from "./program-flags";

/** The flags that operators of the real programs use (mesos.md 1.1, 1.2; marathon.md 3.1), written down by hand. */
const master = `zk quorum work_dir registry hostname hostname_lookup ip ip_discovery_command port advertise_ip advertise_port
  zk_session_timeout agent_ping_timeout max_agent_ping_timeouts agent_reregister_timeout agent_removal_rate_limit
  recovery_agent_removal_limit registry_fetch_timeout registry_store_timeout registry_max_agent_age registry_max_agent_count
  registry_gc_interval offer_timeout allocation_interval role_sorter framework_sorter min_allocatable_resources
  filter_gpu_resources fair_sharing_excluded_resource_names roles weights cluster domain require_agent_domain
  authenticate_frameworks authenticate_agents authenticate_http_frameworks authenticate_http_readonly
  authenticate_http_readwrite http_framework_authenticators credentials acls authorizers rate_limits firewall_rules whitelist
  modules modules_dir log_dir external_log_file max_operator_event_stream_subscribers log_auto_initialize
  http_cors_allowed_origins`;
const agent = `master work_dir runtime_dir attributes resources default_role containerizers image_providers
  image_provisioner_backend docker_store_dir docker_registry docker_config isolation launcher nvidia_gpu_devices
  cgroups_hierarchy cgroups_root cgroups_enable_cfs cgroups_limit_swap systemd_enable_support docker_mesos_image
  docker_kill_orphans reconfiguration_policy recover strict recovery_timeout executor_registration_timeout
  executor_reregistration_timeout executor_shutdown_grace_period registration_backoff_factor gc_delay gc_disk_headroom
  credential http_credentials authenticate_http_readonly authenticate_http_readwrite authenticate_http_executors
  jwt_secret_key authenticatee hostname ip advertise_ip port domain network_cni_config_dir network_cni_plugins_dir
  default_container_dns enforce_container_disk_quota http_command_executor agent_features csi_plugin_config_dir
  resource_provider_config_dir executor_environment_variables docker_remove_delay docker_stop_timeout`;
const marathon = `master zk hostname webui_url ha framework_name mesos_user mesos_role new_group_enforce_role
  accepted_resource_roles_default_behavior default_network_name mesos_bridge_name checkpoint failover_timeout local_port_min
  local_port_max executor env_vars_prefix max_apps enable_features deprecated_features gpu_scheduling_behavior maintenance_mode
  draining_seconds mesos_authentication mesos_authentication_principal mesos_authentication_secret
  mesos_authentication_secret_file http_credentials http_realm ssl_keystore_path ssl_keystore_password plugin_conf plugin_dir
  http_address http_port https_port disable_http http_compression http_max_concurrent_requests access_control_allow_origin
  leader_proxy_connection_timeout leader_proxy_read_timeout leader_proxy_max_open_connections leader_proxy_ssl_ignore_hostname
  task_launch_timeout task_launch_confirm_timeout task_reservation_timeout reconciliation_initial_delay
  reconciliation_interval scale_apps_initial_delay scale_apps_interval task_lost_expunge_initial_delay
  task_lost_expunge_interval decline_offer_duration min_revive_offers_interval offer_matching_timeout launch_tokens
  launch_token_refresh_interval max_instances_per_offer max_running_deployments on_elected_prepare_timeout zk_timeout
  zk_session_timeout zk_connection_timeout zk_max_versions zk_max_node_size zk_compression zk_compression_threshold
  max_concurrent_marathon_health_checks metrics_prometheus metrics_statsd metrics_statsd_host metrics_datadog
  metrics_name_prefix logging_level logstash`;
const missing = (names: string, table: object): string[] => names.split(/\s+/).filter((n) => !(n in table));

describe("flags of the three programs (mesos.md 1.1, 1.2; marathon.md 3.1)", function () {
  this.timeout(60_000);

  it("are all known, and the help says which have no effect", () => {
    const of = [missing(master, masterFlags), missing(agent, agentFlags), missing(marathon, marathonFlags)];
    assert.deepEqual(of, [[], [], []]);
    for (const table of [masterFlags, agentFlags]) {
      const rows: Record<string, { help: string }> = table;
      assert.match(rows["quiet"]?.help ?? "", /without effect/);
      assert.match(rows["modules"]?.help ?? "", /Refused when set/);
    }
    assert.match(marathonFlags.logstash.help, /without effect/);
  });

  it("fails when something is set that only real programs heed", () => {
    assert.deepEqual(validateMasterFlags(valuesOf(masterFlags, ["--work_dir=/w", "--whitelist=/f"])), [
      "--whitelist is not simulated",
    ]);
    const own = ["--master=127.0.0.1:1", "--work_dir=/w"];
    assert.deepEqual(validateAgentFlags(valuesOf(agentFlags, [...own, "--hooks=mine"])), [
      "--hooks is not simulated",
    ]);
    const plugins = validateMarathonFlags(valuesOf(marathonFlags, ["--master=m:1", "--plugin_dir=/p"]));
    assert.deepEqual(plugins, ["--plugin_dir is not simulated"]);
  });

  it("fails with the real words and exit code 1 when a flag is unknown", () => {
    for (const program of ["mesos-master", "mesos-agent", "marathon"]) {
      const path = join(__dirname, "..", "..", "bin", program);
      const { status, stdout, stderr } = spawnSync(process.execPath, [path, "--nope"], { encoding: "utf8" });
      assert.deepEqual([status, stdout], [1, ""]);
      assert.ok(
        stderr.startsWith(`Failed to load unknown flag 'nope'\n\nUsage: ${program} [options]\n`),
        stderr,
      );
    }
  });

  it("name the address by a command, and disable endpoints", async () => {
    assert.equal(listenIp({ ip: undefined, ip_discovery_command: undefined }), "127.0.0.1");
    assert.deepEqual([valuesOf(masterFlags, []).port, valuesOf(agentFlags, []).port], [5050, 5051]);
    assert.equal(listenIp({ ip: undefined, ip_discovery_command: "echo 127.113.9.1" }), "127.113.9.1");
    assert.throws(
      () => listenIp({ ip: undefined, ip_discovery_command: "echo no" }),
      /printed no IP address/,
    );
    const fixture = new Fixture();
    try {
      const rules = '--firewall_rules={"disabled_endpoints":{"paths":["/version","/master/flags"]}}';
      const { url } = await fixture.master("m", [rules], "127.113.9.2");
      const said = await http("GET", `${url}/version?x=1`);
      assert.deepEqual([said.status, said.text], [403, "Endpoint '/version' is disabled"]);
      assert.equal((await http("GET", `${url}/master/flags`)).status, 403);
      const open = await http("GET", `${url}/flags`);
      assert.deepEqual([open.status, open.headers["content-type"]], [200, "application/json"]);
    } finally {
      await fixture.end();
    }
  });
});
