// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

/** Flags beyond those that the kit sets itself, as the command line has them: `{ offer_timeout: "10secs" }`. */
export type Flags = Readonly<Record<string, string>>;

/** What {@link startCluster} makes. */
export interface ClusterOptions {
  /** Mesos masters; a majority of them keeps the registry. @default 1 */
  readonly masters?: 1 | 3 | 5;
  /** Mesos agents. @default 2 */
  readonly agents?: number;
  /** Marathon instances, of which one leads. @default 1 */
  readonly marathons?: number;
  /**
   * Whether every member is a process of its own that runs the real executables, with a real ZooKeeper (Java) found on `PATH` as
   * `zookeeper-server`. Otherwise all of it is in this process and needs neither. @default false
   */
  readonly programs?: boolean;
  /**
   * `"noop"`: tasks are states without a process, so that thousands fit; `"process"`: tasks really run on this machine.
   * Programs run processes only. @default "noop" in this process, "process" as programs
   */
  readonly tasks?: "noop" | "process";
  /** `"stepped"`: time moves only by `cluster.clock.step`; not for programs. @default "system" */
  readonly clock?: "system" | "stepped";
  /** The same seed gives the same ids in the same order; not for programs. @default "kit" */
  readonly seed?: string;
  /** What each agent offers. @default "cpus:4;mem:4096;disk:10240" and, for processes, a share of ports 31000 to 32000 */
  readonly resources?: string;
  /** Attributes of agent number `n`, from 1: `(n) => "rack:" + n`. @default none */
  readonly attributes?: (n: number) => string;
  /** How long ZooKeeper waits for a silent member. @default 2000 */
  readonly sessionTimeoutMs?: number;
  /** Whether a member that ends by itself, as a leader does that lost its session, is started again. @default true */
  readonly supervised?: boolean;
  /** First three numbers of the loopback addresses that members listen on. @default "127.0.0" */
  readonly network?: string;
  readonly flags?: { readonly master?: Flags; readonly agent?: Flags; readonly marathon?: Flags };
  /** Takes what members log, a line each. @default nobody */
  readonly log?: (line: string) => void;
  /** Ends the wait for the cluster to be up. @default 30 s, as programs 120 s */
  readonly signal?: AbortSignal;
}

/** The options with every default in its place. */
export interface Settings {
  readonly masters: number;
  readonly agents: number;
  readonly marathons: number;
  readonly programs: boolean;
  readonly tasks: "noop" | "process";
  readonly stepped: boolean;
  readonly seed: string;
  readonly resources: string | undefined;
  readonly attributes: (n: number) => string;
  readonly sessionTimeoutMs: number;
  readonly supervised: boolean;
  readonly network: string;
  readonly flags: { readonly master: Flags; readonly agent: Flags; readonly marathon: Flags };
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A use of the kit that cannot be: says what and what to do instead. */
export function misuse(message: string): MesosError {
  return new MesosError("MESOS_SIMULATOR_KIT_USE", message);
}

function count(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw misuse(`${name}: must be a whole number from ${least}, got ${value}`);
}

/** Checks the options and fills in defaults. */
export function settle(options: ClusterOptions): Settings {
  const { programs = false, masters = 1 } = options;
  const tasks = options.tasks ?? (programs ? "process" : "noop");
  if (![1, 3, 5].includes(masters)) throw misuse(`masters: must be 1, 3 or 5, got ${masters}`);
  if (programs && tasks === "noop")
    throw misuse('tasks: programs run processes only, leave out "noop" or "programs"');
  if (programs && options.clock === "stepped")
    throw misuse("clock: programs have the machine's own, leave out one of the two");
  const network = options.network ?? "127.0.0";
  if (!/^127\.\d{1,3}\.\d{1,3}$/.test(network)) {
    throw misuse(`network: must be three numbers that begin with 127, got '${network}'`);
  }
  const { flags } = options;
  return {
    masters,
    agents: count("agents", options.agents ?? 2, 0),
    marathons: count("marathons", options.marathons ?? 1, 0),
    programs,
    tasks,
    stepped: options.clock === "stepped",
    seed: options.seed ?? "kit",
    resources: options.resources,
    attributes: options.attributes ?? (() => ""),
    sessionTimeoutMs: options.sessionTimeoutMs ?? 2_000,
    supervised: options.supervised ?? true,
    network,
    flags: { master: flags?.master ?? {}, agent: flags?.agent ?? {}, marathon: flags?.marathon ?? {} },
    log: options.log ?? (() => undefined),
    signal: options.signal ?? AbortSignal.timeout(programs ? 120_000 : 30_000),
  };
}

const firstPort = 31_000;
const ports = 1_001;

/** The resources of agent number `n`: processes of different agents share this machine's ports, no-op tasks do not. */
export function resourcesOf(settings: Settings, n: number): string {
  const base = settings.resources ?? "cpus:4;mem:4096;disk:10240";
  if (base.includes("ports:")) return base;
  if (settings.tasks === "noop") return `${base};ports:[31000-32000]`;
  const share = Math.max(1, Math.floor(ports / Math.max(1, settings.agents)));
  const begin = firstPort + (n - 1) * share;
  return `${base};ports:[${begin}-${begin + share - 1}]`;
}
