// SPDX-License-Identifier: Apache-2.0

/** One thing that can be set: by flag, by Bamboo's environment, by a key of Bamboo's configuration file. */
export interface Option {
  readonly name: keyof RawOptions;
  /** Absent for secrets, which must not stand on a command line. */
  readonly flag?: string;
  readonly env: string;
  /** Path in the file that --config names; letters of any case. */
  readonly key?: string;
  readonly default?: string;
  readonly help: string;
}

/** Every option as text. */
export interface RawOptions {
  config?: string;
  bind?: string;
  frontendBind?: string;
  httpsBind?: string;
  sslCerts?: string;
  dataDir?: string;
  marathon?: string;
  marathonUser?: string;
  marathonPassword?: string;
  eventStream?: string;
  endpoint?: string;
  zookeeper?: string;
  zookeeperPath?: string;
  zookeeperCredential?: string;
  output?: string;
  statsPassword?: string;
  onExit?: string;
  nbthread?: string;
  group?: string;
  apiToken?: string;
  apiCertificate?: string;
  marathonCa?: string;
  extra?: string;
  log?: string;
  template?: string;
  statsdEnabled?: string;
  statsdHost?: string;
  statsdPrefix?: string;
}

/** All options; --help and the README's section come from this table. */
export const options: readonly Option[] = [
  {
    name: "config",
    flag: "--config",
    env: "CONFIG_PATH",
    help: "Bamboo's JSON configuration file; environment and flags win over it",
  },
  {
    name: "bind",
    flag: "--bind",
    env: "BIND",
    default: "127.0.0.1:8000",
    help: "address of the HTTP API, host:port or :port",
  },
  {
    name: "frontendBind",
    flag: "--frontend-bind",
    env: "EDGE_FRONTEND_BIND",
    default: "0.0.0.0:80",
    help: "address where traffic enters",
  },
  {
    name: "sslCerts",
    flag: "--ssl-certs",
    env: "EDGE_SSL_CERTS",
    help: "PEM files and directories of them, by commas, each with certificate and key; HTTPS is served when there are any",
  },
  {
    name: "httpsBind",
    flag: "--https-bind",
    env: "EDGE_HTTPS_BIND",
    default: "0.0.0.0:443",
    help: "address where HTTPS enters, with --ssl-certs",
  },
  {
    name: "dataDir",
    flag: "--data-dir",
    env: "EDGE_DATA_DIR",
    default: "mesos-edge-data",
    help: "directory of HAProxy's sockets, log and snapshot",
  },
  {
    name: "marathon",
    flag: "--marathon",
    env: "MARATHON_ENDPOINT",
    key: "Marathon.Endpoint",
    help: "Marathon's URLs by commas, or its zk://host:port,.../path (default /marathon at --zookeeper)",
  },
  {
    name: "marathonUser",
    flag: "--marathon-user",
    env: "MARATHON_USER",
    key: "Marathon.User",
    help: "user of Marathon's basic auth",
  },
  {
    name: "marathonPassword",
    env: "MARATHON_PASSWORD",
    key: "Marathon.Password",
    help: "password of Marathon's basic auth",
  },
  {
    name: "marathonCa",
    flag: "--marathon-ca",
    env: "EDGE_MARATHON_CA",
    help: "PEM file with the authorities that may sign Marathon's certificates, instead of those that the machine trusts",
  },
  {
    name: "eventStream",
    env: "MARATHON_USE_EVENT_STREAM",
    key: "Marathon.UseEventStream",
    default: "true",
    help: "accepted for Bamboo's sake; the event stream is always used",
  },
  {
    name: "endpoint",
    flag: "--endpoint",
    env: "BAMBOO_ENDPOINT",
    key: "Bamboo.Endpoint",
    help: "URL of this edge's API; its host is accepted as Host",
  },
  {
    name: "zookeeper",
    flag: "--zookeeper",
    env: "BAMBOO_ZK_HOST",
    key: "Bamboo.Zookeeper.Host",
    help: "ZooKeeper servers, host:port separated by commas",
  },
  {
    name: "zookeeperPath",
    flag: "--zookeeper-path",
    env: "BAMBOO_ZK_PATH",
    key: "Bamboo.Zookeeper.Path",
    default: "/bamboo",
    help: "node under which the rules lie",
  },
  {
    name: "zookeeperCredential",
    env: "EDGE_ZOOKEEPER_CREDENTIAL",
    help: "user:password at ZooKeeper (digest); rules are then this user's alone, and everybody's without it",
  },
  {
    name: "output",
    flag: "--haproxy-output",
    env: "HAPROXY_OUTPUT_PATH",
    key: "HAProxy.OutputPath",
    help: "HAProxy's configuration file (default haproxy.cfg in --data-dir)",
  },
  {
    name: "statsPassword",
    env: "EDGE_STATS_PASSWORD",
    help: "password of admin on /haproxy_stats; no such page without it",
  },
  {
    name: "onExit",
    flag: "--on-exit",
    env: "EDGE_ON_EXIT",
    default: "leave",
    help: "leave HAProxy running when this program ends, or stop it",
  },
  { name: "nbthread", flag: "--nbthread", env: "EDGE_NBTHREAD", default: "2", help: "HAProxy's threads" },
  {
    name: "apiToken",
    env: "EDGE_API_TOKEN",
    help: "token that the API asks for, at least 16 characters; nobody is asked without it",
  },
  {
    name: "apiCertificate",
    flag: "--api-certificate",
    env: "EDGE_API_CERTIFICATE",
    help: "PEM file with the API's key and certificates; plain HTTP without it",
  },
  {
    name: "group",
    flag: "--group",
    env: "EDGE_GROUP",
    default: "*",
    help: "groups of marathon-lb's labels that this edge serves, by commas; * serves all",
  },
  {
    name: "extra",
    flag: "--haproxy-extra",
    env: "EDGE_HAPROXY_EXTRA",
    help: "file with sections of your own (listen, frontend, backend ...), put at the end of haproxy.cfg",
  },
  {
    name: "log",
    flag: "--log",
    env: "EDGE_LOG",
    help: "file that the log is appended to, beside stdout",
  },
  {
    name: "template",
    env: "HAPROXY_TEMPLATE_PATH",
    key: "HAProxy.TemplatePath",
    help: "Bamboo's own template is accepted and not used; another is refused, see --haproxy-extra",
  },
  {
    name: "statsdEnabled",
    env: "STATSD_ENABLED",
    key: "StatsD.Enabled",
    default: "false",
    help: "whether Bamboo's counts go to StatsD",
  },
  {
    name: "statsdHost",
    env: "STATSD_HOST",
    key: "StatsD.Host",
    default: "localhost:8125",
    help: "StatsD's host:port",
  },
  {
    name: "statsdPrefix",
    env: "STATSD_PREFIX",
    key: "StatsD.Prefix",
    default: "bamboo-server.",
    help: "what stands before the names of counts",
  },
];
