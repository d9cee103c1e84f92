// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import type { Agent } from "node:http";
import { userInfo } from "node:os";
import { messageOf } from "@pulumi-mesos/model";
import type { FastifyInstance } from "fastify";
import { realSurroundings, type Surroundings } from "../surroundings";
import { type Coordination, parseZkUrl } from "../zookeeper";
import { type Clock, systemClock } from "./clock";
import { Marathon } from "./core/marathon";
import type { CoreOptions } from "./core/options";
import type { MarathonFlags } from "./flags";
import { type Probe, probe } from "./health/probe";
import { renderInfo } from "./http/info";
import { createMarathonServer, type Leadership, type ServerOptions } from "./http/server";
import { type Keystore, readKeystore } from "./http/tls";
import { type NewId, randomIds } from "./ids";
import { LeaderLatch } from "./leader-latch";
import { Logging } from "./logging";
import { HttpSchedulerDriver } from "./mesos/http-driver";
import { FixedMaster, type MasterDetector, ZooKeeperMasters } from "./mesos/master-detector";
import { ZooKeeperStore } from "./store/zookeeper-store";

export const marathonVersion = "1.10.26";
const abdicateAfterMs = 500;
const closeMs = 800;

export interface ProgramOptions {
  readonly flags: MarathonFlags;
  readonly log: (message: string) => void;
  /** The program cannot go on as it is: the supervisor starts it anew. */
  readonly exit: (message: string) => void;
  /** @default the machine's */
  readonly clock?: Clock;
  /** @default random UUIDs */
  readonly newId?: NewId;
  /** @default asks over the network */
  readonly probe?: Probe;
  /** @default a real ZooKeeper and the network */
  readonly around?: Surroundings;
  /** What calls to the masters go through. @default what everything goes through */
  readonly mesosDial?: Agent;
}

function coreOptions(flags: MarathonFlags): CoreOptions {
  return {
    role: flags.mesos_role,
    enforceNewGroups: flags.new_group_enforce_role === "top",
    networkName: flags.default_network_name,
    executor: "",
    features: flags.enable_features,
    offerRules: {
      defaultRoles: flags.accepted_resource_roles_default_behavior,
      maintenance: flags.maintenance_mode,
      drainingMs: flags.draining_seconds * 1000,
      gpus: flags.gpu_scheduling_behavior,
    },
    envPrefix: flags.env_vars_prefix,
    bridgeName: flags.mesos_bridge_name,
    declineSeconds: flags.decline_offer_duration / 1000,
    maxInstancesPerOffer: flags.max_instances_per_offer,
    minReviveMs: flags.min_revive_offers_interval,
    principal: flags.mesos_authentication_principal,
    reservationTimeoutMs: flags.task_reservation_timeout,
    launchTimeoutMs: flags.task_launch_timeout,
    confirmTimeoutMs: flags.task_launch_confirm_timeout,
    servicePorts: { min: flags.local_port_min, max: flags.local_port_max },
    maxRunningDeployments: flags.max_running_deployments,
    maxVersions: flags.zk_max_versions,
    maxApps: flags.max_apps,
    reconcileInitialMs: flags.reconciliation_initial_delay,
    reconcileMs: flags.reconciliation_interval,
    scaleInitialMs: flags.scale_apps_initial_delay,
    scaleIntervalMs: flags.scale_apps_interval,
    expungeInitialMs: flags.task_lost_expunge_initial_delay,
    expungeIntervalMs: flags.task_lost_expunge_interval,
    textPlainTasks: flags.deprecated_features.has("text_plain_tasks"),
  };
}

/** One marathon process: listens at once, waits to be elected, leads once at most. */
export class MarathonProgram implements Leadership {
  readonly #options: ProgramOptions;
  readonly #logging: Logging;
  readonly #clock: Clock;
  readonly #around: Surroundings;
  readonly #stop = new AbortController();
  #server: FastifyInstance | undefined;
  #secureServer: FastifyInstance | undefined;
  #session: Coordination | undefined;
  #masters: Coordination | undefined;
  #latch: LeaderLatch | undefined;
  #core: Marathon | undefined;
  #detected: MasterDetector | undefined;
  #own = "";

  constructor(options: ProgramOptions) {
    const { flags, log } = options;
    this.#clock = options.clock ?? systemClock;
    this.#around = options.around ?? realSurroundings;
    this.#logging = new Logging(this.#clock, log, flags.logging_level);
    this.#options = { ...options, log: this.#logging.info };
  }

  get core(): Marathon | undefined {
    return this.#core;
  }

  get leader(): string | undefined {
    return this.#latch?.leader;
  }

  /** host:port as others reach it; known once `start` is done. */
  get address(): string {
    return this.#own;
  }

  get listening(): boolean {
    return this.#server?.server.listening ?? false;
  }

  async start(): Promise<void> {
    const { flags, log } = this.#options;
    const host = flags.http_address ?? "127.0.0.1";
    const name = flags.hostname ?? host;
    const listening = this.#listen(host, name);
    await listening;
    const ports = [portOf(this.#server), portOf(this.#secureServer)].filter((p) => p !== undefined);
    log(`listening on ${ports.map((port) => `${host}:${port}`).join(" and ")}, known as ${this.#own}`);
    const { servers, auth, path } = flags.zk;
    const session = await this.#around.connect(
      { servers, auth, readable: false, sessionTimeoutMs: flags.zk_session_timeout },
      this.#stop.signal,
    );
    this.#session = session;
    session.onState((state) => {
      if (state === "expired") this.#end("the ZooKeeper session expired");
    });
    this.#latch = new LeaderLatch({
      session,
      path,
      id: this.#own,
      elected: () => {
        this.#lead(session).catch((error: unknown) => this.#end(`cannot lead: ${messageOf(error)}`));
      },
      failed: (error) => this.#end(`leader election: ${messageOf(error)}`),
    });
    await this.#latch.start();
  }

  /** Ends it within about a second; tasks go on. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#logging.close();
    this.#core?.close();
    await within(closeMs, [this.#latch?.close(), this.#server?.close(), this.#secureServer?.close()]);
    await within(closeMs, [this.#session?.close(), this.#masters?.close()]);
  }

  abdicate(): void {
    this.#clock.after(abdicateAfterMs, () => this.#end("leadership abdicated"));
  }

  info(): Record<string, unknown> {
    const { flags } = this.#options;
    return renderInfo(flags, {
      version: marathonVersion,
      elected: this.#core !== undefined,
      leader: this.leader,
      master: this.#detected?.current,
      httpPort: portOf(this.#server) ?? flags.http_port,
      httpsPort: portOf(this.#secureServer) ?? flags.https_port,
    });
  }

  async #listen(host: string, name: string): Promise<void> {
    const { flags } = this.#options;
    const { ssl_keystore_path: path, ssl_keystore_password: password, disable_http: secureOnly } = flags;
    const keystore = path === undefined || password === undefined ? undefined : readKeystore(path, password);
    this.#own = `${name}:${secureOnly ? flags.https_port : flags.http_port}`;
    const options = this.#serverOptions(name, secureOnly ? keystore : undefined);
    if (!secureOnly) {
      this.#server = createMarathonServer(this, options);
      await this.#server.listen({ host, port: flags.http_port });
    }
    if (keystore !== undefined) {
      this.#secureServer = createMarathonServer(this, { ...options, tls: keystore });
      await this.#secureServer.listen({ host: flags.https_address ?? host, port: flags.https_port });
    }
    this.#own = `${name}:${portOf(this.#server ?? this.#secureServer) ?? flags.http_port}`;
  }

  #serverOptions(name: string, keystore: Keystore | undefined): ServerOptions {
    const { flags } = this.#options;
    const program = this;
    const { access_control_allow_origin: origins, http_max_concurrent_requests: maxRequests } = flags;
    return {
      get own() {
        return program.address;
      },
      connectMs: flags.leader_proxy_connection_timeout,
      readMs: flags.leader_proxy_read_timeout,
      ignoreHostname: flags.leader_proxy_ssl_ignore_hostname,
      ...(keystore === undefined ? {} : { keystore }),
      names: [name],
      credentials: flags.http_credentials,
      realm: flags.http_realm,
      compress: flags.http_compression,
      prometheus: flags.metrics_prometheus,
      metricsPrefix: flags.metrics_name_prefix,
      ...(origins === undefined ? {} : { origins: origins.split(",").map((o) => o.trim()) }),
      ...(maxRequests === undefined ? {} : { maxRequests }),
      maxMessages: flags.event_stream_max_outstanding_messages,
      clock: this.#clock,
      logging: this.#logging,
      ...(this.#around.dial === undefined ? {} : { dial: this.#around.dial }),
      ...(this.#around.onRequest === undefined ? {} : { onRequest: this.#around.onRequest }),
      ...(this.#around.onAnswer === undefined ? {} : { onAnswer: this.#around.onAnswer }),
    };
  }

  async #lead(session: Coordination): Promise<void> {
    const { flags, log } = this.#options;
    log("elected, taking over the state");
    const store = new ZooKeeperStore(session, flags.zk.path, (error) =>
      this.#end(`state: ${messageOf(error)}`),
    );
    const detector = await this.#detector();
    this.#detected = detector;
    const driver = new HttpSchedulerDriver({
      detector,
      framework: {
        name: flags.framework_name,
        user: flags.mesos_user ?? userInfo().username,
        hostname: flags.hostname ?? flags.http_address ?? "127.0.0.1",
        webui_url: flags.webui_url ?? `${flags.disable_http ? "https" : "http"}://${this.#own}`,
        failover_timeout: flags.failover_timeout,
        checkpoint: flags.checkpoint,
        ...(flags.mesos_authentication_principal === undefined
          ? {}
          : { principal: flags.mesos_authentication_principal }),
        ...(flags.enable_features.has("gpu_resources") ? { capabilities: [{ type: "GPU_RESOURCES" }] } : {}),
      },
      credential: credentialOf(flags),
      dial: this.#options.mesosDial ?? this.#around.dial,
      log,
      fatal: (message) => {
        if (message.includes("removed")) store.remove("framework-id/id");
        void store.durable().then(() => this.#end(message));
      },
    });
    const core = new Marathon({
      clock: this.#clock,
      newId: this.#options.newId ?? randomIds,
      store,
      driver,
      probe: this.#options.probe ?? probe,
      options: coreOptions(flags),
      log,
    });
    await core.load();
    if (this.#stop.signal.aborted) return;
    this.#core = core;
    log(`leading with ${core.root.apps.size} apps and ${[...core.tracker.all()].length} instances`);
    await driver.run(core, core.frameworkId, this.#stop.signal);
  }

  async #detector(): Promise<MasterDetector> {
    const { flags, log } = this.#options;
    const master = flags.master ?? "";
    if (!master.startsWith("zk://")) return new FixedMaster(master);
    const { servers, path, auth } = parseZkUrl(master);
    const own = flags.zk;
    if (this.#session !== undefined && servers === own.servers && auth === own.auth) {
      return new ZooKeeperMasters(this.#session, path, log);
    }
    const session = await this.#around.connect(
      { servers, auth, sessionTimeoutMs: flags.zk_session_timeout },
      this.#stop.signal,
    );
    session.onState((state) => {
      if (state === "expired") this.#end("the session of the masters' ZooKeeper expired");
    });
    this.#masters = session;
    return new ZooKeeperMasters(session, path, log);
  }

  #end(message: string): void {
    if (this.#stop.signal.aborted) return;
    this.#options.exit(message);
  }
}

function portOf(server: FastifyInstance | undefined): number | undefined {
  const address = server?.server.address();
  return typeof address === "object" && address !== null ? address.port : undefined;
}

/** Waits for all of `work`, however it ends, but no longer than `ms`: a silent ZooKeeper must not keep the program. */
async function within(ms: number, work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const late = new Promise<void>((resolve) => {
    systemClock.after(ms, resolve);
  });
  await Promise.race([Promise.allSettled(work), late]);
}

function credentialOf(flags: MarathonFlags): string | undefined {
  const file = flags.mesos_authentication_secret_file;
  const secret =
    flags.mesos_authentication_secret ?? (file === undefined ? undefined : readFileSync(file, "utf8").trim());
  const principal = flags.mesos_authentication_principal;
  return principal === undefined || secret === undefined ? undefined : `${principal}:${secret}`;
}
