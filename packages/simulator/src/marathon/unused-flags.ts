// SPDX-License-Identifier: Apache-2.0
import { type FlagTable, optional, text, toggle } from "../flags";

const help = "Accepted, without effect here";
const unused = optional(text, help);
const off = toggle(false, help);

/** Flags of Marathon that change nothing here, so that a real command line works. */
export const unusedMarathonFlags = {
  backup_location: unused,
  gracefully_shutdown_grace_period: unused,
  kill_chunk_size: unused,
  kill_retry_timeout: unused,
  mesos_heartbeat_failure_threshold: unused,
  mesos_heartbeat_interval: unused,
  mesos_leader_ui_url: unused,
  metrics_datadog: off,
  metrics_datadog_api_key: optional(text, help, { secret: true }),
  metrics_datadog_host: unused,
  metrics_datadog_port: unused,
  metrics_datadog_protocol: unused,
  metrics_datadog_transmission_interval_ms: unused,
  metrics_histogram_reservoir_highest_trackable_value: unused,
  metrics_histogram_reservoir_reset_periodically: toggle(true, help),
  metrics_histogram_reservoir_resetting_chunks: unused,
  metrics_histogram_reservoir_resetting_interval_ms: unused,
  metrics_histogram_reservoir_significant_digits: unused,
  metrics_statsd: off,
  metrics_statsd_host: unused,
  metrics_statsd_port: unused,
  metrics_statsd_transmission_interval_ms: unused,
  store_cache: toggle(true, help),
} satisfies FlagTable;

const refused = optional(text, "Refused when set: there are no plugins here");

/** A plugin may be what guards Marathon, so it is not left out silently. */
export const refusedMarathonFlags = { plugin_conf: refused, plugin_dir: refused } satisfies FlagTable;
