// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, realpathSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { Authorizer } from "../authorizer";
import type { Clock } from "../clock";
import { type FilesView, type LogFile, openLogFile } from "../files";
import { listenIp } from "../flags";
import { createHttpServer } from "../http";
import { LoggingLevel } from "../logging-level";
import { toJson } from "../protocol/resources";
import { realSurroundings, type Surroundings } from "../surroundings";
import { Agent } from "./agent";
import { agentFiles, agentFilesView } from "./agent-files";
import { resourcesOf } from "./agent-info";
import { ownContainer } from "./beside";
import { cgroupsOf } from "./cgroups";
import { Checkpoints } from "./checkpoint";
import { Dockerd } from "./docker";
import { addExecutorRoutes } from "./executor-api";
import type { AgentFlags } from "./flags";
import { idleIsolators } from "./isolation";
import { addOperatorRoutes } from "./operator-api";
import { agentAuthentication } from "./realms";
import { type AgentView, addAgentRoutes, withoutPrefix } from "./routes";
import { Sight } from "./sight";
import { addStatisticsRoutes } from "./statistics";

export interface AgentProgramOptions {
  readonly flags: AgentFlags;
  readonly texts: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly log: (message: string) => void;
  readonly onExit: (code: number, message: string) => void;
  /** Of this program's environment, only what is named here has an effect. */
  /** @default a real ZooKeeper and the network */
  readonly around?: Surroundings;
  readonly env: { readonly PATH?: string; readonly DOCKER_HOST?: string; readonly SUPERVISED_BY?: string };
}

/** The program mesos-agent: HTTP, checkpoints, and the {@link Agent}. */
export class AgentProgram implements AgentView {
  readonly texts: Readonly<Record<string, string>>;
  readonly logging: LoggingLevel;
  readonly #options: AgentProgramOptions;
  readonly #server: FastifyInstance;
  readonly #checkpoints: Checkpoints;
  #agent: Agent | undefined;
  #pid = "";
  #logFile: LogFile | undefined;

  constructor(options: AgentProgramOptions) {
    const { flags, texts } = options;
    this.#options = {
      ...options,
      log: (message) => {
        options.log(message);
        this.#logFile?.write(`${new Date(options.clock.now()).toISOString()} ${message}`);
      },
    };
    this.texts = texts;
    const workDir = flags.work_dir ?? "";
    mkdirSync(workDir, { recursive: true, mode: 0o711 });
    this.#checkpoints = new Checkpoints(realpathSync(workDir));
    const authenticate = agentAuthentication(flags);
    this.#server = createHttpServer({
      names: flags.hostname === undefined ? [] : [flags.hostname],
      ...(flags.firewall_rules === undefined ? {} : { disabled: flags.firewall_rules }),
      rewriteUrl: withoutPrefix,
      ...options.around,
      onRequest: async (request, reply) => {
        await options.around?.onRequest?.(request, reply);
        if (!reply.sent) await authenticate(request, reply);
      },
    });
    this.logging = new LoggingLevel(options.clock);
    addAgentRoutes(this.#server, this);
    addOperatorRoutes(this.#server, this);
    addStatisticsRoutes(this.#server, this);
    addExecutorRoutes(this.#server, this, options.clock);
  }

  get agent(): Agent | undefined {
    return this.#agent;
  }

  get pid(): string {
    return this.#pid;
  }

  get ip(): string {
    return this.#pid.slice(this.#pid.indexOf("@") + 1, this.#pid.lastIndexOf(":"));
  }

  /** Sandboxes by their paths, the newest of each task or executor also by its own, and the log. */
  get files(): FilesView {
    return agentFilesView(
      () => agentFiles(this.#options.flags, this.#checkpoints.sandboxes, this.#agent),
      () => this.#agent,
      (principal) => this.sightOf(principal),
    );
  }

  sightOf(principal: string | undefined): Sight {
    return new Sight(this.#options.flags.acls ?? Authorizer.open, principal);
  }

  now(): number {
    return this.#options.clock.now();
  }

  /** Listens, recovers and looks for a master; resolves before it is registered. */
  async start(): Promise<void> {
    const { flags, clock, uuid, log, onExit, env } = this.#options;
    if (flags.log_dir !== undefined) this.#logFile = openLogFile(flags.log_dir, "mesos-agent", clock.now());
    const cgroups = cgroupsOf(flags, clock);
    const ip = listenIp(flags);
    await this.#server.listen({ host: ip, port: flags.port });
    const bound = this.#server.server.address();
    const port =
      flags.advertise_port ?? (typeof bound === "object" && bound !== null ? bound.port : flags.port);
    const told = flags.advertise_ip ?? ip;
    this.#pid = `slave(1)@${told}:${port}`;
    log(`agent started on ${told}:${port}`);
    const idle = idleIsolators(flags.isolation);
    if (idle.length > 0) log(`isolators without effect here: ${idle.join(", ")}`);
    const container = flags.docker_mesos_image === undefined ? undefined : ownContainer();
    this.#agent = new Agent({
      flags,
      info: {
        hostname: flags.hostname ?? told,
        port,
        resources: toJson(resourcesOf(flags.resources, flags.work_dir ?? "/", flags.default_role)),
        attributes: flags.attributes,
        checkpoint: true,
        ...(flags.domain === undefined ? {} : { domain: flags.domain }),
      },
      pid: this.#pid,
      ip: told,
      checkpoints: this.#checkpoints,
      docker: new Dockerd({
        host: env.DOCKER_HOST,
        socket: flags.docker_socket,
        clock,
        ip: told,
        enableCfs: flags.cgroups_enable_cfs,
        ...(container === undefined ? {} : { container }),
      }),
      cgroups,
      clock,
      path: env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
      mark: env.SUPERVISED_BY,
      uuid,
      log,
      onExit,
      around: this.#options.around ?? realSurroundings,
    });
    try {
      this.#agent.start();
    } catch (error) {
      await cgroups?.idle(); // what --recover=cleanup has killed is gone when this program ends
      throw error;
    }
  }

  /** Leaves the tasks running. */
  async close(): Promise<void> {
    this.logging.stop();
    await this.#agent?.close();
    await this.#server.close();
    this.#logFile?.close();
  }
}
