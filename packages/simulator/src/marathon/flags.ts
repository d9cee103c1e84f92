// SPDX-License-Identifier: Apache-2.0
import {
  type FlagTable,
  type FlagValues,
  integer,
  list,
  oneOf,
  optional,
  refusedFlags,
  text,
  toggle,
  withDefault,
} from "../flags";
import { parseZkUrl } from "../zookeeper";
import { type LogLevel, logLevels } from "./logging";
import { refusedMarathonFlags, unusedMarathonFlags } from "./unused-flags";

const names = (value: string): ReadonlySet<string> =>
  new Set(value.split(",").map((name) => (name.split("=")[0] ?? "").trim()));
const knownFeatures = [
  "external_volumes",
  "gpu_resources",
  "maintenance_mode",
  "secrets",
  "task_killing",
  "vips",
];
const features = (value: string): ReadonlySet<string> =>
  new Set(list(value).map((name) => oneOf(...knownFeatures)(name.trim())));
const level = (value: string): LogLevel => oneOf(...logLevels)(value.toLowerCase());
const port = integer(0, 65_535);
const ms = integer(0);
const period = integer(1);

/** A real flag that changes nothing here: accepted, so that a real command line works unchanged. */
const unused = (help: string) => optional(text, `${help} (accepted, without effect)`);
const unusedNumber = (shown: string, help: string) =>
  withDefault(ms, shown, `${help} (accepted, without effect)`);
const unusedToggle = (help: string) => toggle(false, `${help} (accepted, without effect)`);

/** Marathon's command line (marathon.md §3.1); every flag is also `MARATHON_<FLAG>`. */
export const marathonFlags = {
  master: optional(text, "The Mesos master: zk://host:port,host:port/mesos, http://host:port or host:port"),
  zk: withDefault(parseZkUrl, "zk://localhost:2181/marathon", "Where Marathon keeps its state", {
    secret: true,
  }),
  hostname: optional(text, "The host name or address that others reach this one by"),
  webui_url: optional(text, "The URL of the web interface, as Mesos shows it"),
  http_address: optional(text, "The address to listen on; 127.0.0.1 where none is given"),
  http_port: withDefault(port, "8080", "The port to listen on"),
  http_credentials: optional(text, "user:password that every request needs", { secret: true }),
  http_realm: withDefault(text, "Mesosphere", "The realm of that authentication"),
  disable_http: toggle(false, "Serve HTTPS only; members reach each other over it"),
  https_address: optional(text, "The address to listen on with HTTPS; that of HTTP where none is given"),
  https_port: withDefault(port, "8443", "The port to listen on with HTTPS, once there is a keystore"),
  ssl_keystore_path: optional(text, "A PKCS12 keystore: HTTPS is served with its key and certificate"),
  ssl_keystore_password: optional(text, "The keystore's password", { secret: true }),
  leader_proxy_ssl_ignore_hostname: toggle(false, "Whether the leader's certificate may have another name"),
  http_compression: toggle(true, "Whether answers are compressed for clients that take it"),
  http_max_concurrent_requests: optional(integer(1), "Requests at a time; more are answered 503"),
  access_control_allow_origin: optional(
    text,
    "Origins, comma-separated, whose pages may read here, never change; * is all",
  ),
  framework_name: withDefault(text, "marathon", "The framework's name"),
  mesos_role: withDefault(text, "*", "The role in which offers are taken"),
  mesos_user: optional(text, "The user that tasks run as; the own one where none is given"),
  mesos_authentication_principal: optional(text, "The principal at the master"),
  mesos_authentication_secret: optional(text, "Its secret", { secret: true }),
  mesos_authentication_secret_file: optional(text, "A file with its secret"),
  mesos_bridge_name: withDefault(
    text,
    "mesos-bridge",
    "The network of bridge mode in the Mesos containerizer",
  ),
  default_network_name: optional(text, "The name of container networks that have none"),
  checkpoint: toggle(true, "Whether tasks outlive their agent's program"),
  failover_timeout: withDefault(
    integer(0),
    "604800",
    "Seconds until Mesos kills the tasks of a vanished framework",
  ),
  task_launch_timeout: withDefault(ms, "300000", "Milliseconds until a task that does not run is killed"),
  task_launch_confirm_timeout: withDefault(
    ms,
    "300000",
    "Milliseconds until an unconfirmed launch is repeated",
  ),
  reconciliation_interval: withDefault(ms, "600000", "Milliseconds between reconciliations with Mesos"),
  decline_offer_duration: withDefault(ms, "120000", "Milliseconds for which unused offers are declined"),
  min_revive_offers_interval: withDefault(ms, "250", "Milliseconds between two requests for offers"),
  max_instances_per_offer: withDefault(integer(1), "5", "Instances that one offer may start"),
  max_running_deployments: withDefault(integer(1), "100", "Deployments that may run at a time"),
  max_apps: optional(integer(1), "Apps that may exist"),
  local_port_min: withDefault(integer(1, 65_535), "10000", "The first service port"),
  local_port_max: withDefault(integer(1, 65_536), "20000", "The end of the service ports, excluded"),
  executor: withDefault(
    text,
    "//cmd",
    "The executor of apps that name none: shown, other values are without effect",
  ),
  env_vars_prefix: withDefault(text, "", "A prefix of the variables that Marathon gives tasks"),
  zk_session_timeout: withDefault(ms, "10000", "Milliseconds until ZooKeeper gives this one up"),
  zk_max_versions: withDefault(integer(1), "50", "Versions of an app that are kept"),
  leader_proxy_connection_timeout: withDefault(ms, "5000", "Milliseconds to connect to the leader"),
  leader_proxy_read_timeout: withDefault(ms, "10000", "Milliseconds that the leader may take to answer"),
  enable_features: withDefault(
    features,
    "",
    "Features, comma-separated: external_volumes, gpu_resources, secrets; task_killing and vips change nothing here",
  ),
  ha: toggle(true, "Leader election through ZooKeeper; cannot be off here"),
  draining_seconds: withDefault(integer(0), "0", "Seconds before maintenance in which offers are declined"),
  new_group_enforce_role: withDefault(
    oneOf("off", "top"),
    "off",
    "Whether the apps of new top-level groups take the group's role: off or top",
  ),
  accepted_resource_roles_default_behavior: withDefault(
    oneOf("any", "unreserved", "reserved"),
    "any",
    "Which resources apps take that do not say: any, unreserved, reserved",
  ),
  deprecated_features: withDefault(
    names,
    "",
    "Deprecated features to keep, comma-separated: text_plain_tasks; others of Marathon's change nothing here",
  ),
  gpu_scheduling_behavior: withDefault(
    oneOf("restricted", "unrestricted"),
    "restricted",
    "Whether apps without GPUs may use agents with some: restricted, unrestricted",
  ),
  maintenance_mode: toggle(true, "Declines offers of agents in maintenance"),
  mesos_authentication: unusedToggle(
    "Authentication at the master; a principal with a secret is always sent",
  ),
  leader_proxy_max_open_connections: unused("Connections to the leader"),
  reconciliation_initial_delay: withDefault(
    ms,
    "15000",
    "Milliseconds from a subscription to the first reconciliation after the one that begins it",
  ),
  scale_apps_initial_delay: withDefault(
    ms,
    "15000",
    "Milliseconds until a leader first compares all counts of instances with what is wanted",
  ),
  scale_apps_interval: withDefault(
    period,
    "300000",
    "Milliseconds between such comparisons; changes are seen at once without them",
  ),
  task_lost_expunge_initial_delay: withDefault(
    ms,
    "300000",
    "Milliseconds until a leader first forgets unreachable instances that are due",
  ),
  task_lost_expunge_interval: withDefault(
    period,
    "30000",
    "Milliseconds between looks for unreachable instances that are due",
  ),
  task_reservation_timeout: withDefault(
    ms,
    "20000",
    "Milliseconds until an unconfirmed reservation counts as failed",
  ),
  offer_matching_timeout: unusedNumber("3000", "Offers are matched at once"),
  launch_tokens: unusedNumber("100", "Launches are not rationed"),
  launch_token_refresh_interval: unusedNumber("30000", "Launches are not rationed"),
  on_elected_prepare_timeout: unusedNumber("180000", "How long a new leader may take"),
  zk_timeout: unusedNumber("10000", "ZooKeeper timeout"),
  zk_connection_timeout: unusedNumber("10000", "ZooKeeper timeout"),
  zk_max_node_size: unusedNumber("1024000", "The largest node"),
  zk_compression: toggle(true, "Compressed nodes (accepted, without effect)"),
  zk_compression_threshold: unusedNumber("65536", "From where nodes are compressed"),
  max_concurrent_marathon_health_checks: unused("Health checks at a time"),
  event_stream_max_outstanding_messages: optional(
    integer(1),
    "Events that a slow reader may be behind before it is cut off; 8 MiB of them where none is given",
  ),
  metrics_prometheus: toggle(true, "Whether /metrics/prometheus is served"),
  metrics_name_prefix: withDefault(text, "marathon", "The prefix of metrics"),
  logging_level: withDefault(level, "info", "The level of the log"),
  logstash: unused("A log server"),
  ...unusedMarathonFlags,
  ...refusedMarathonFlags,
} satisfies FlagTable;

export type MarathonFlags = FlagValues<typeof marathonFlags>;

/** What is wrong with flags that each parse well. */
export function validateMarathonFlags(flags: MarathonFlags): string[] {
  const wrong: string[] = [];
  if (flags.master === undefined) wrong.push("Required option 'master' not found");
  if (flags.local_port_min >= flags.local_port_max)
    wrong.push("--local_port_min must be less than --local_port_max");
  if (!flags.ha) wrong.push("--disable_ha is not supported: the state is kept in ZooKeeper");
  if (
    flags.mesos_authentication_secret !== undefined &&
    flags.mesos_authentication_secret_file !== undefined
  ) {
    wrong.push("--mesos_authentication_secret and --mesos_authentication_secret_file exclude each other");
  }
  const keystore = [flags.ssl_keystore_path, flags.ssl_keystore_password].filter((v) => v !== undefined);
  if (keystore.length === 1) {
    wrong.push("--ssl_keystore_path and --ssl_keystore_password need each other");
  }
  if (flags.disable_http && keystore.length === 0) {
    wrong.push("Invalid configuration: Neither HTTP nor HTTPS support has been configured.");
  }
  if (flags.http_credentials !== undefined && !flags.http_credentials.includes(":")) {
    wrong.push("--http_credentials must be user:password");
  }
  return [...wrong, ...refusedFlags(refusedMarathonFlags, flags)];
}
