// SPDX-License-Identifier: Apache-2.0

import { Authorizer } from "../authorizer";
import {
  ambiguousIp,
  bytes,
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
  percentage,
  rate,
  refusedFlags,
  text,
  toggle,
  withDefault,
  withoutPassword,
} from "../flags";
import { fileOnly, parseCredentials } from "../http";
import { parseDomain } from "../protocol/domain";
import { parseZkUrl } from "../zookeeper";
import { parseMinAllocatable } from "./min-allocatable";
import { refusedMasterFlags, unusedMasterFlags } from "./unused-flags";
import { parseWeights } from "./weights-flag";

const unused = "Accepted, without effect here";

/** The master's flags (mesos.md 1.1). */
export const masterFlags = {
  zk: optional(parseZkUrl, "ZooKeeper URL: zk://[user:pass@]host:port,host:port/path", {
    file: true,
    redact: withoutPassword,
  }),
  quorum: optional(integer(1, 99), "Size of the quorum of the replicated log; a majority of the masters"),
  work_dir: optional(text, "Directory for the replicated log"),
  registry: withDefault(oneOf("replicated_log", "in_memory"), "replicated_log", "Where the registry is kept"),
  ip: optional(text, "IP address to listen on; 127.0.0.1 where none is given"),
  port: withDefault(integer(0, 65_535), "5050", "Port to listen on"),
  advertise_ip: optional(text, "IP address that is told to others"),
  advertise_port: optional(integer(1, 65_535), "Port that is told to others"),
  hostname: optional(text, "Host name that is told to others"),
  hostname_lookup: toggle(true, unused),
  cluster: optional(text, "Name of the cluster"),
  zk_session_timeout: withDefault(duration, "10secs", "ZooKeeper session timeout"),
  agent_ping_timeout: withDefault(duration, "15secs", "How long an agent may take to answer a ping", {
    aliases: ["slave_ping_timeout"],
  }),
  max_agent_ping_timeouts: withDefault(integer(1), "5", "Unanswered pings until an agent is unreachable", {
    aliases: ["max_slave_ping_timeouts"],
  }),
  agent_reregister_timeout: withDefault(
    duration,
    "10mins",
    "How long agents may take to come back to a new leader",
    {
      aliases: ["slave_reregister_timeout"],
    },
  ),
  agent_removal_rate_limit: optional(
    rate,
    "At most N agents become unreachable within a duration: N/duration",
    {
      aliases: ["slave_removal_rate_limit"],
    },
  ),
  recovery_agent_removal_limit: withDefault(
    percentage,
    "100%",
    "Of the agents that a new leader may give up; beyond it the leader ends",
    {
      aliases: ["recovery_slave_removal_limit"],
    },
  ),
  registry_fetch_timeout: withDefault(duration, "1mins", "How long reading the registry may take"),
  registry_store_timeout: withDefault(duration, "20secs", "How long writing the registry may take"),
  registry_strict: toggle(false, unused),
  registry_gc_interval: withDefault(duration, "15mins", unused),
  registry_max_agent_age: withDefault(duration, "2weeks", unused),
  registry_max_agent_count: withDefault(
    integer(0),
    "102400",
    "Unreachable and gone agents that are remembered",
  ),
  log_auto_initialize: toggle(true, "Whether an ensemble of empty logs may begin"),
  offer_timeout: optional(duration, "After which an offer that nobody answered is rescinded"),
  allocation_interval: withDefault(duration, "1secs", "Time between allocations"),
  min_allocatable_resources: withDefault(
    parseMinAllocatable,
    "cpus:0.01|mem:32",
    "Sets of quantities (cpus:1;mem:32|disk:32), one of which an offer must have",
  ),
  max_completed_frameworks: withDefault(integer(0), "50", "Completed frameworks that are remembered"),
  max_completed_tasks_per_framework: withDefault(integer(0), "1000", "Completed tasks that are remembered"),
  max_unreachable_tasks_per_framework: withDefault(integer(0), "1000", unused),
  max_operator_event_stream_subscribers: withDefault(integer(1), "1000", "Subscribers of the operator API"),
  role_sorter: withDefault(
    oneOf("drf", "random"),
    "drf",
    "Order in which roles get offers: random heeds weights",
  ),
  framework_sorter: withDefault(oneOf("drf", "random"), "drf", "Order in which frameworks get offers"),
  user_sorter: withDefault(oneOf("drf", "random"), "drf", unused),
  allocator: withDefault(text, "hierarchical", unused),
  publish_per_framework_metrics: toggle(true, "Whether each framework has metrics of its own"),
  filter_gpu_resources: toggle(true, "Whether agents with GPUs are only for frameworks with GPU_RESOURCES"),
  root_submissions: toggle(true, unused),
  log_dir: optional(text, "Directory for a log beside the one on stdout, shown as /master/log"),
  external_log_file: optional(text, "File that is shown as /master/log"),
  logging_level: withDefault(oneOf("INFO", "WARNING", "ERROR"), "INFO", unused),
  logbufsecs: withDefault(integer(0), "0", unused),
  initialize_driver_logging: toggle(true, unused),
  quiet: toggle(false, unused),
  webui_dir: optional(text, unused),
  modules_dir: optional(text, unused),
  domain: optional(
    parseDomain,
    'Fault domain: {"fault_domain":{"region":{"name":"a"},"zone":{"name":"b"}}}; agents of other regions are for REGION_AWARE frameworks',
    { file: true },
  ),
  require_agent_domain: toggle(false, "Whether only agents that have a domain may register"),
  fair_sharing_excluded_resource_names: optional(list, "Resources that do not count for shares"),
  memory_profiling: toggle(false, unused),
  roles: optional(list, "Roles that are allowed, separated by commas; deprecated"),
  weights: optional(parseWeights, "role=weight,role=weight for a registry without weights; deprecated"),
  authenticate_frameworks: toggle(
    false,
    "Frameworks of the libprocess driver authenticate; none can come here",
  ),
  authenticate_agents: toggle(false, "Whether only agents that know a secret of --credentials may register", [
    "authenticate_slaves",
  ]),
  authenticate_http_readonly: toggle(false, "Whether endpoints that read ask for credentials"),
  authenticate_http_readwrite: toggle(false, "Whether endpoints that change something ask for credentials"),
  authenticate_http_frameworks: toggle(false, "Whether HTTP frameworks need credentials"),
  http_authenticators: withDefault(oneOf("basic"), "basic", "How HTTP requests authenticate"),
  http_framework_authenticators: optional(oneOf("basic"), "How HTTP frameworks authenticate: basic"),
  authenticators: withDefault(oneOf("crammd5"), "crammd5", "How agents authenticate"),
  credentials: optional(parseCredentials, "JSON file with the principals and their secrets", {
    file: true,
    redact: fileOnly,
  }),
  acls: optional(Authorizer.parse, "Who may do what: JSON or file:///path", { file: true }),
  authorizers: withDefault(oneOf("local"), "local", "Who decides by --acls"),
  throttle_metrics: optional(decimal, unused),
  max_log_size: optional(bytes, unused),
  ip_discovery_command: optional(text, "A command that prints the IP address to listen on"),
  firewall_rules: optional(parseFirewall, "Endpoints that are disabled: JSON or file:///path", {
    file: true,
  }),
  ...unusedMasterFlags,
  ...refusedMasterFlags,
} satisfies FlagTable;

export type MasterFlags = FlagValues<typeof masterFlags>;

/** What stops the program at its start, each as Mesos says it. */
export function validateMasterFlags(flags: MasterFlags): string[] {
  const wrong: string[] = [];
  const durable = flags.registry === "replicated_log";
  if (flags.work_dir === undefined && durable) {
    wrong.push("--work_dir needed for replicated log based registry");
  }
  if (flags.zk !== undefined && flags.quorum === undefined && durable) {
    wrong.push("Need to specify --quorum for replicated log based registry when using ZooKeeper");
  }
  if (flags.zk?.path === "/") {
    wrong.push("Expecting a (chroot) path for ZooKeeper ('/' is not supported)");
  }
  if (flags.agent_reregister_timeout < 600_000) {
    wrong.push(
      `Invalid value '${formatDuration(flags.agent_reregister_timeout)}' for --agent_reregister_timeout: Must be at least 10mins`,
    );
  }
  if (flags.agent_ping_timeout < 1_000 || flags.agent_ping_timeout > 900_000) {
    wrong.push(
      `Invalid value '${formatDuration(flags.agent_ping_timeout)}' for --agent_ping_timeout: Must be between 1secs and 15mins`,
    );
  }
  if (
    flags.agent_ping_timeout * flags.max_agent_ping_timeouts <= flags.zk_session_timeout &&
    flags.zk !== undefined
  ) {
    wrong.push("--agent_ping_timeout times --max_agent_ping_timeouts must be more than --zk_session_timeout");
  }
  return [
    ...wrong,
    ...ambiguousIp(flags),
    ...refusedFlags(refusedMasterFlags, flags),
    ...invalidAuthentication(flags),
  ];
}

function invalidAuthentication(flags: MasterFlags): string[] {
  const wrong: string[] = [];
  const basic = "No credentials provided for the default 'basic' HTTP authenticator for realm";
  const has = flags.credentials !== undefined;
  if ((flags.authenticate_agents || flags.authenticate_frameworks) && !has) {
    wrong.push("Authentication requires a credentials file (see --credentials flag)");
  }
  if (flags.authenticate_http_readonly && !has) wrong.push(`${basic} 'mesos-master-readonly'`);
  if (flags.authenticate_http_readwrite && !has) wrong.push(`${basic} 'mesos-master-readwrite'`);
  if (flags.authenticate_http_frameworks && flags.http_framework_authenticators === undefined) {
    wrong.push(
      "Missing `--http_framework_authenticators` flag. This must be used in conjunction with `--authenticate_http_frameworks`",
    );
  } else if (flags.authenticate_http_frameworks && !has) {
    wrong.push(`${basic} 'mesos-master-scheduler'`);
  }
  return wrong;
}
