// SPDX-License-Identifier: Apache-2.0
import { Authorizer } from "../authorizer";
import {
  ambiguousIp,
  decimal,
  duration,
  type FlagTable,
  type FlagValues,
  formatDuration,
  integer,
  list,
  oneOf,
  optional,
  parseFirewall,
  refusedFlags,
  text,
  toggle,
  withDefault,
  withoutPassword,
} from "../flags";
import { fileOnly, parseCredential, parseCredentials } from "../http";
import { parseDomain } from "../protocol/domain";
import { parseAttributes, parseResources } from "../protocol/resources";
import { parseIsolation } from "./isolation";
import { refusedAgentFlags, unusedAgentFlags } from "./unused-flags";

const unused = "Accepted, without effect here";
const refused = "Refused when set: authentication of executors is not simulated";

/** The agent's flags (mesos.md 1.2). */
export const agentFlags = {
  master: optional(text, "The masters: host:port or zk://host:port,host:port/path", {
    file: true,
    redact: withoutPassword,
  }),
  work_dir: optional(text, "Directory for sandboxes and what survives a restart"),
  runtime_dir: optional(text, unused),
  ip: optional(text, "IP address to listen on; 127.0.0.1 where none is given"),
  port: withDefault(integer(0, 65_535), "5051", "Port to listen on"),
  advertise_ip: optional(text, "IP address that is told to others"),
  advertise_port: optional(integer(1, 65_535), "Port that is told to others"),
  hostname: optional(text, "Host name that is told to others"),
  hostname_lookup: toggle(true, unused),
  attributes: withDefault(parseAttributes, "", "Attributes: rack:2;pool:gpu"),
  resources: optional(parseResources, "Resources: cpus:4;mem:8192;disk:10240;ports:[31000-32000]", {
    file: true,
  }),
  default_role: withDefault(text, "*", "The role for which resources without a role are reserved"),
  containerizers: withDefault(list, "mesos", "Which tasks are taken: mesos (processes) and docker"),
  docker: optional(text, unused),
  docker_socket: withDefault(
    text,
    "/var/run/docker.sock",
    "Where dockerd answers, unless DOCKER_HOST says otherwise",
  ),
  docker_kill_orphans: toggle(true, unused),
  docker_remove_delay: withDefault(duration, "6hrs", unused),
  docker_stop_timeout: withDefault(duration, "0ns", unused),
  docker_mesos_image: optional(
    text,
    "Given when the agent is in a container itself: Docker tasks are beside it",
  ),
  docker_registry: optional(text, unused),
  docker_config: optional(text, unused, { file: true, secret: true }),
  docker_store_dir: optional(text, unused),
  image_providers: optional(text, unused),
  image_provisioner_backend: optional(text, unused),
  isolation: withDefault(
    parseIsolation,
    "posix/cpu,posix/mem",
    "What tasks are held to: cgroups/cpu, cgroups/mem, posix/rlimits; others are accepted without effect here",
  ),
  launcher: withDefault(text, "posix", unused),
  launcher_dir: optional(text, unused),
  cgroups_hierarchy: withDefault(text, "/sys/fs/cgroup", "Where cgroups are mounted"),
  cgroups_root: withDefault(text, "mesos", "The cgroup below which this agent makes those of its tasks"),
  cgroups_enable_cfs: toggle(false, "Whether cpus are a hard limit also where a task sets none"),
  cgroups_limit_swap: toggle(false, "Whether swap counts as memory; cgroups v1 alone"),
  systemd_enable_support: toggle(true, unused),
  switch_user: toggle(true, "Whether root's agent runs tasks as their own user"),
  reconfiguration_policy: withDefault(
    oneOf("equal", "additive"),
    "equal",
    "Which changes an agent keeps its id over",
  ),
  recover: withDefault(
    oneOf("reconnect", "cleanup"),
    "reconnect",
    "Whether tasks of the last run go on or are killed",
  ),
  strict: toggle(true, unused),
  recovery_timeout: withDefault(
    duration,
    "15mins",
    "How long this program may be away; after it, tasks of the last run are killed",
  ),
  executor_registration_timeout: withDefault(duration, "1mins", unused),
  executor_reregistration_timeout: withDefault(duration, "2secs", "At most 15secs"),
  executor_shutdown_grace_period: withDefault(
    duration,
    "5secs",
    "Between SIGTERM and SIGKILL where the task says nothing",
  ),
  executor_environment_variables: optional(text, unused, { file: true, secret: true }),
  registration_backoff_factor: withDefault(
    duration,
    "1secs",
    "The first pause between registrations, doubled up to 1mins",
  ),
  gc_delay: withDefault(duration, "1weeks", "How long sandboxes of ended tasks are kept"),
  gc_disk_headroom: withDefault(decimal, "0.1", unused),
  disk_watch_interval: withDefault(duration, "1mins", unused),
  zk_session_timeout: withDefault(duration, "10secs", "ZooKeeper session timeout"),
  domain: optional(
    parseDomain,
    'Fault domain: {"fault_domain":{"region":{"name":"a"},"zone":{"name":"b"}}}',
    {
      file: true,
    },
  ),
  log_dir: optional(text, "Directory for a log beside the one on stdout, shown as /slave/log"),
  external_log_file: optional(text, "File that is shown as /slave/log"),
  logging_level: withDefault(oneOf("INFO", "WARNING", "ERROR"), "INFO", unused),
  logbufsecs: withDefault(integer(0), "0", unused),
  quiet: toggle(false, unused),
  sandbox_directory: withDefault(text, "/mnt/mesos/sandbox", "Where a container sees its sandbox"),
  http_command_executor: toggle(false, unused),
  enforce_container_disk_quota: toggle(false, unused),
  network_cni_config_dir: optional(text, unused),
  network_cni_plugins_dir: optional(text, unused),
  default_container_dns: optional(text, unused, { file: true }),
  nvidia_gpu_devices: optional(text, unused),
  oversubscribed_resources_interval: withDefault(duration, "15secs", unused),
  modules_dir: optional(text, unused),
  credential: optional(parseCredential, "JSON file with the principal and secret for the masters", {
    file: true,
    redact: fileOnly,
  }),
  http_credentials: optional(parseCredentials, "JSON file with who may ask this agent", {
    file: true,
    redact: fileOnly,
  }),
  acls: optional(Authorizer.parse, "Who may do what: JSON or file:///path", { file: true }),
  authorizer: withDefault(oneOf("local"), "local", "Who decides by --acls"),
  authenticatee: withDefault(oneOf("crammd5"), "crammd5", "How this agent authenticates"),
  http_authenticators: withDefault(oneOf("basic"), "basic", "How HTTP requests authenticate"),
  authenticate_http_readonly: toggle(false, "Whether endpoints that read ask for credentials"),
  authenticate_http_readwrite: toggle(false, "Whether endpoints that change something ask for credentials"),
  authenticate_http_executors: toggle(false, refused),
  ip_discovery_command: optional(text, "A command that prints the IP address to listen on"),
  firewall_rules: optional(parseFirewall, "Endpoints that are disabled: JSON or file:///path", {
    file: true,
  }),
  ...unusedAgentFlags,
  ...refusedAgentFlags,
} satisfies FlagTable;

export type AgentFlags = FlagValues<typeof agentFlags>;

/** What stops the program at its start. */
export function validateAgentFlags(flags: AgentFlags): string[] {
  const wrong: string[] = [];
  if (flags.master === undefined) wrong.push("Missing required option --master");
  if (flags.work_dir === undefined) wrong.push("Missing required option --work_dir");
  if (flags.master?.startsWith("zk://") === false && !/^[^\s:]+:\d+$/.test(flags.master)) {
    wrong.push(
      `Failed to parse --master '${flags.master}': expected host:port or zk://host:port,host:port/path`,
    );
  }
  if (flags.executor_reregistration_timeout > 15_000) {
    wrong.push(
      `Invalid value '${formatDuration(flags.executor_reregistration_timeout)}' for --executor_reregistration_timeout: Must be at most 15secs`,
    );
  }
  if (flags.registration_backoff_factor > 60_000)
    wrong.push("--registration_backoff_factor must be at most 1mins");
  for (const name of flags.containerizers) {
    if (name !== "mesos" && name !== "docker") wrong.push(`Unknown or unsupported containerizer: ${name}`);
  }
  for (const realm of ["readonly", "readwrite"] as const) {
    if (flags[`authenticate_http_${realm}`] && flags.http_credentials === undefined) {
      wrong.push(
        `No credentials provided for the default 'basic' HTTP authenticator for realm 'mesos-agent-${realm}'`,
      );
    }
  }
  if (flags.authenticate_http_executors) wrong.push("--authenticate_http_executors is not simulated");
  return [...wrong, ...ambiguousIp(flags), ...refusedFlags(refusedAgentFlags, flags)];
}
