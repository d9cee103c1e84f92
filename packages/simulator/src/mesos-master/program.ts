// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { FastifyInstance } from "fastify";
import { Authorizer } from "../authorizer";
import type { Clock } from "../clock";
import { addFilesRoutes, type FilesView, type LogFile, logName, openLogFile } from "../files";
import { formatDuration, listenIp } from "../flags";
import { createHttpServer, postJson } from "../http";
import { addLoggingRoutes, LoggingLevel } from "../logging-level";
import { regionOf } from "../protocol/domain";
import { type MasterInfo, mesosVersion } from "../protocol/types";
import { realSurroundings, type Surroundings } from "../surroundings";
import { addAllocationRoutes } from "./allocation-routes";
import { Election, ipNumber } from "./election";
import type { MasterFlags } from "./flags";
import { addFormRoutes, takesForms } from "./form-routes";
import { addInternalRoutes, replicaPath } from "./internal-routes";
import { Leader } from "./leader";
import { addMaintenanceRoutes } from "./maintenance-routes";
import { metrics } from "./metrics";
import { addOperatorRoutes } from "./operator-routes";
import { QuorumLog } from "./quorum-log";
import { masterAuthentication } from "./realms";
import type { Registry } from "./registry";
import { Replica, type ReplicaAnswer } from "./replica";
import { addRoutes, type MasterView } from "./routes";
import { addSchedulerRoutes } from "./scheduler-routes";

export interface MasterOptions {
  readonly flags: MasterFlags;
  /** For `/flags`. */
  readonly texts: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly log: (message: string) => void;
  /** The program cannot go on: it exits with code 1. */
  readonly onFatal: (message: string) => void;
  /** Where the replicated log is kept. @default a file in `work_dir` */
  readonly replica?: Replica;
  /** @default a real ZooKeeper and the network */
  readonly around?: Surroundings;
}

/** The program mesos-master: HTTP, election, the replicated log and, while it leads, a {@link Leader}. */
export class MasterProgram implements MasterView {
  readonly startedAt: number;
  readonly logging: LoggingLevel;
  readonly files: FilesView;
  readonly #options: MasterOptions;
  readonly #around: Surroundings;
  readonly #server: FastifyInstance;
  readonly #replica: Replica;
  readonly #log: QuorumLog;
  readonly #stop = new AbortController();
  readonly #numbers = { agent: 0, framework: 0, offer: 0 };
  #info: MasterInfo | undefined;
  #election: Election | undefined;
  #leader: Leader | undefined;
  #leaderInfo: MasterInfo | undefined;
  #elected = false;
  #logFile: LogFile | undefined;
  #fetchMs = 0;

  constructor(options: MasterOptions) {
    const { flags, clock } = options;
    const around = options.around ?? realSurroundings;
    this.#options = {
      ...options,
      log: (message) => {
        options.log(message);
        this.#logFile?.write(`${new Date(clock.now()).toISOString()} ${message}`);
      },
    };
    this.files = masterFiles(flags, this.authorizer);
    this.#around = around;
    this.startedAt = clock.now();
    this.logging = new LoggingLevel(clock);
    this.#replica =
      options.replica ?? new Replica(flags.registry === "in_memory" ? undefined : flags.work_dir);
    this.#log = new QuorumLog({
      replica: this.#replica,
      quorum: flags.zk === undefined || flags.registry === "in_memory" ? 1 : (flags.quorum ?? 1),
      autoInitialize: flags.log_auto_initialize,
      ask: (address, call, signal) => askPeer(address, call, signal, around),
      clock,
    });
    const authenticate = masterAuthentication(flags);
    this.#server = createHttpServer({
      names: flags.hostname === undefined ? [] : [flags.hostname],
      ...(flags.firewall_rules === undefined ? {} : { disabled: flags.firewall_rules }),
      forms: takesForms,
      ...around,
      onRequest: async (request, reply) => {
        await around.onRequest?.(request, reply);
        if (!reply.sent) await authenticate(request, reply);
      },
    });
    addRoutes(this.#server, this);
    addOperatorRoutes(this.#server, this);
    addAllocationRoutes(this.#server, this);
    addLoggingRoutes(this.#server, this.logging, (principal) =>
      this.authorizer.allows("get_endpoints", principal, "/logging/toggle"),
    );
    addFormRoutes(this.#server, this);
    addMaintenanceRoutes(this.#server, this);
    addFilesRoutes(this.#server, this.files);
    addSchedulerRoutes(this.#server, this);
    addInternalRoutes(this.#server, this, this.#replica);
  }

  get leader(): Leader | undefined {
    return this.#leader;
  }

  get leaderInfo(): MasterInfo | undefined {
    return this.#leaderInfo;
  }

  get elected(): boolean {
    return this.#elected;
  }

  get texts(): Readonly<Record<string, string>> {
    return this.#options.texts;
  }

  get authorizer(): Authorizer {
    return this.#options.flags.acls ?? Authorizer.open;
  }

  /** What this master tells others about itself, once it listens. */
  get info(): MasterInfo | undefined {
    return this.#info;
  }

  get masters(): { address: string; leading: boolean }[] {
    const own = this.#info === undefined ? [] : [`${this.#info.address.ip}:${this.#info.port}`];
    const leading = this.#leaderInfo && `${this.#leaderInfo.address.ip}:${this.#leaderInfo.port}`;
    const all = new Set([...own, ...(leading === undefined ? [] : [leading]), ...this.#peers]);
    return [...all].sort().map((address) => ({ address, leading: address === leading }));
  }

  metrics(): Record<string, number> {
    return metrics({
      startedAt: this.startedAt,
      now: this.#options.clock.now(),
      leader: this.#leader?.context,
      logRecovered: this.#log.recovered,
      logSize: this.#log.size,
      fetchMs: this.#fetchMs,
    });
  }

  /** Listens, then contends; resolves once it listens. */
  async start(): Promise<MasterInfo> {
    const { flags, uuid, log } = this.#options;
    if (flags.log_dir !== undefined) {
      this.#logFile = openLogFile(flags.log_dir, "mesos-master", this.startedAt);
    }
    const ip = listenIp(flags);
    await this.#server.listen({ host: ip, port: flags.port });
    const bound = this.#server.server.address();
    const port =
      flags.advertise_port ?? (typeof bound === "object" && bound !== null ? bound.port : flags.port);
    const told = flags.advertise_ip ?? ip;
    const info: MasterInfo = {
      address: { hostname: flags.hostname ?? told, ip: told, port },
      capabilities: [{ type: "AGENT_UPDATE" }, { type: "AGENT_DRAINING" }, { type: "QUOTA_V2" }],
      hostname: flags.hostname ?? told,
      id: uuid(),
      ip: ipNumber(told),
      pid: `master@${told}:${port}`,
      port,
      version: mesosVersion,
      ...(flags.domain === undefined ? {} : { domain: flags.domain }),
    };
    this.#info = info;
    log(`master ${info.id} (${info.hostname}) started on ${told}:${port}`);
    if (flags.zk === undefined) {
      this.#lead(info);
      return info;
    }
    this.#recoverLog();
    this.#election = new Election(
      { zk: flags.zk, sessionTimeoutMs: flags.zk_session_timeout, info, connect: this.#around.connect },
      {
        onLeader: (leader) => this.#onLeader(info, leader),
        onReplicas: (addresses) => {
          this.#peers = new Set([...addresses].filter((a) => a !== `${told}:${port}`));
          this.#log.peers = this.#peers;
        },
        onExpired: () => this.#lost("the ZooKeeper session has expired"),
        onError: (message) => log(`ZooKeeper: ${message}`),
      },
    );
    void this.#election.run();
    return info;
  }

  /** Leaves at once: the candidacy first, so that another can lead. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.logging.stop();
    await this.#election?.stop();
    this.#leader?.stop();
    await this.#server.close();
    await this.#replica.close();
    this.#logFile?.close();
  }

  #peers: ReadonlySet<string> = new Set();

  /** Every master may vote as soon as it can, leading or not. */
  #recoverLog(): void {
    this.#log.recover(this.#stop.signal).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#fatal(`Failed to recover the log: ${messageOf(error)}`);
    });
  }

  #onLeader(info: MasterInfo, leader: MasterInfo | undefined): void {
    if (this.#stop.signal.aborted) return;
    this.#leaderInfo = leader;
    this.#options.log(
      leader === undefined ? "no leader is known" : `the leading master is ${leader.pid} (${leader.id})`,
    );
    if (leader?.id === info.id) {
      this.#lead(info);
      return;
    }
    this.#lost("another master leads");
    const [own, other] = [regionOf(info.domain), regionOf(leader?.domain)];
    if (own !== undefined && other !== undefined && own !== other) {
      this.#fatal(
        `Leading master is configured with region '${other}', this one with '${own}': all masters must be in the same region`,
      );
    }
  }

  /** A leader that is none any more must end: it may have promised what another denies. */
  #lost(why: string): void {
    if (this.#elected) this.#fatal(`Lost leadership... committing suicide! (${why})`);
  }

  #lead(info: MasterInfo): void {
    if (this.#elected) return;
    this.#elected = true;
    this.#leaderInfo = info;
    const { flags, log, clock } = this.#options;
    const began = clock.now();
    const fetch = AbortSignal.timeout(flags.registry_fetch_timeout);
    log("elected as the leading master, recovering the registrar");
    this.#log.elect(AbortSignal.any([this.#stop.signal, fetch])).then(
      (registry) => {
        this.#fetchMs = clock.now() - began;
        this.#recovered(info, registry as Registry | undefined);
      },
      (error: unknown) => {
        if (this.#stop.signal.aborted) return;
        const why = fetch.aborted
          ? `Failed to perform fetch within ${flags.registry_fetch_timeout / 1000}secs`
          : messageOf(error);
        this.#fatal(`Failed to recover registrar: ${why}`);
      },
    );
  }

  #recovered(info: MasterInfo, registry: Registry | undefined): void {
    const { flags, clock, uuid, log } = this.#options;
    if (this.#stop.signal.aborted) return;
    log(`recovered ${Object.keys(registry?.slaves ?? {}).length} agents from the registry`);
    this.#leader = new Leader({
      info,
      flags,
      clock,
      uuid,
      log,
      registry,
      numbers: this.#numbers,
      store: async (next) => {
        const timeout = AbortSignal.timeout(flags.registry_store_timeout);
        try {
          await this.#log.write(next, AbortSignal.any([this.#stop.signal, timeout]));
        } catch (error) {
          if (!timeout.aborted) throw error;
          const within = formatDuration(flags.registry_store_timeout);
          throw new MesosError("MESOS_SIMULATOR_REGISTRY_STORE", `Failed to perform store within ${within}`, {
            cause: error,
          });
        }
      },
      onFailure: (error) => {
        if (!this.#stop.signal.aborted) this.#fatal(error.message);
      },
    });
  }

  #fatal(message: string): void {
    if (this.#stop.signal.aborted) return;
    this.#options.onFatal(message);
  }
}

/** The log, as `/master/log`, where the flags say that there is one. */
function masterFiles(flags: MasterFlags, authorizer: Authorizer): FilesView {
  const { external_log_file: external, log_dir: directory } = flags;
  const log = external ?? (directory === undefined ? undefined : join(directory, logName("mesos-master")));
  return {
    attached: new Map(log === undefined ? [] : [["/master/log", log]]),
    allows: (_path, principal) => authorizer.allows("access_mesos_logs", principal),
    allowsDebug: (principal) => authorizer.allows("get_endpoints", principal, "/files/debug"),
  };
}

async function askPeer(
  address: string,
  call: unknown,
  signal: AbortSignal,
  around: Surroundings,
): Promise<ReplicaAnswer> {
  const { status, body } = await postJson(`http://${address}${replicaPath}`, call, signal, around.dial);
  if (status !== 200) {
    throw new MesosError("MESOS_SIMULATOR_REPLICA", `the log replica at ${address} answered ${status}`);
  }
  return JSON.parse(body) as ReplicaAnswer;
}
