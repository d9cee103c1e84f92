// SPDX-License-Identifier: Apache-2.0
import type { Service } from "../service";
import { type EdgeSettings, edgeEnvironment } from "./edge";
import { ports } from "./ports";

/** What a Bamboo of the user's own is told beside what every edge is. */
export interface BambooSettings extends EdgeSettings {
  /** Shell commands. @default by HAProxy's pid file below {data} */
  readonly reloadCommand?: string;
  readonly reloadValidationCommand?: string;
  readonly reloadCleanupCommand?: string;
  /** Seconds before a changed rule counts. @default 0 */
  readonly reportingDelay?: number;
  readonly statsd?: { readonly host: string; readonly prefix?: string };
}

/** File below {conf} in which Bamboo finds its HAProxy template. */
export const bambooTemplate = "haproxy_template.cfg";

const output = "{data}/haproxy.cfg";
const pid = "{data}/haproxy.pid";

/** What Bamboo itself does with HAProxy in its own example: the old one goes once the new one listens. */
const commands = {
  reload: `touch ${pid} && haproxy -f ${output} -p ${pid} -D -sf $(cat ${pid})`,
  // {{.}} is the file that Bamboo wants to know about.
  validate: "haproxy -c -f {{.}}",
};

/**
 * QubitProducts' Bamboo as a service: its one-dash flags, its configuration file, and its environment, which an image may
 * read in place of flags (`CONFIG_PATH`, `BIND`). {@link bambooTemplate} is the caller's to add. Marathon 1.5 and newer have the event stream alone.
 */
export function bambooService(settings: BambooSettings): Service {
  const bind = `{address}:${ports.edge.api}`;
  const config = "{conf}/bamboo.json";
  return {
    software: "bamboo",
    args: [`-config=${config}`, `-bind=${bind}`],
    env: { ...edgeEnvironment(settings), CONFIG_PATH: config, BIND: bind },
    files: [{ path: "bamboo.json", content: JSON.stringify(bambooConfig(settings), null, 2) }],
    ports: { ...ports.edge, traffic: settings.trafficPort },
    data: true,
    ready: { http: `http://${bind}/status`, timeoutSeconds: 60 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}

/** Bamboo's JSON file. */
export function bambooConfig(settings: BambooSettings): object {
  const { statsd } = settings;
  const env = edgeEnvironment(settings);
  return {
    Marathon: { Endpoint: env.MARATHON_ENDPOINT, UseEventStream: true },
    Bamboo: {
      Endpoint: env.BAMBOO_ENDPOINT,
      Zookeeper: {
        Host: env.BAMBOO_ZK_HOST,
        Path: env.BAMBOO_ZK_PATH,
        ReportingDelay: settings.reportingDelay ?? 0,
      },
    },
    HAProxy: {
      TemplatePath: `{conf}/${bambooTemplate}`,
      OutputPath: output,
      ReloadCommand: settings.reloadCommand ?? commands.reload,
      ReloadValidationCommand: settings.reloadValidationCommand ?? commands.validate,
      ReloadCleanupCommand: settings.reloadCleanupCommand ?? "",
    },
    StatsD:
      statsd === undefined
        ? { Enabled: false }
        : { Enabled: true, Host: statsd.host, Prefix: statsd.prefix ?? "bamboo-server." },
  };
}
