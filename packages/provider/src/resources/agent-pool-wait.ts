// SPDX-License-Identifier: Apache-2.0
import type { ZooKeeper } from "@pulumi-mesos/client";
import {
  type AgentPoolDeclaration,
  AgentPoolStatus,
  controllerPath,
  decoder,
  digestOf,
  MesosError,
  poolStatusPath,
} from "@pulumi-mesos/model";
import { now, sleep } from "../clock";
import type { Context } from "../resource";

/** How the controller left a pool after a wait. */
export type Outcome =
  | { readonly kind: "settled" }
  /** Nobody holds the controllers' lock, or its holder does not take the declaration up. */
  | { readonly kind: "no controller"; readonly message: string }
  /** The controller is at it, but its report has stayed the same for `stillMs`. */
  | { readonly kind: "still"; readonly message: string };

export interface WaitOptions {
  /** How long without a controller, or without its report on this declaration, is too long. @default for ever */
  readonly deadMs?: number;
  /** How long an unchanged report is too long where `isHopeless`, which is asked then. @default for ever */
  readonly stillMs?: number;
  readonly isHopeless?: () => Promise<boolean>;
}

const statuses = decoder(AgentPoolStatus);
const pollMs = 1_000;

/** Waits for the controller's report on exactly this declaration; fails when it says that it cannot go on. */
export async function untilSettled(
  zookeeper: ZooKeeper,
  cluster: string,
  declaration: AgentPoolDeclaration,
  context: Context,
  { deadMs = Infinity, stillMs = Infinity, isHopeless = async () => true }: WaitOptions = {},
): Promise<Outcome> {
  const generation = digestOf(declaration);
  const path = poolStatusPath(cluster, declaration.name);
  let shown = "";
  let shownAt = now();
  let reportedAt = now();
  const show = (line: string): void => {
    if (line === shown) return;
    shown = line;
    shownAt = now();
    context.progress(line);
  };
  for (;;) {
    const woken = new AbortController();
    const node = await zookeeper.watch(path, () => woken.abort());
    const status = node && statusIn(node.data);
    const led = await zookeeper.exists(controllerPath(cluster));
    if (status?.generation === generation) {
      if (status.settled) return { kind: "settled" };
      if (status.failed) throw new MesosError("MESOS_POOL_FAILED", status.message);
      show(status.message);
      if (led) reportedAt = now();
      if (now() - shownAt > stillMs && (await isHopeless())) {
        return { kind: "still", message: status.message };
      }
    } else {
      const waiting = led ? "takes the declaration up" : "of agent groups runs";
      show(`${declaration.name}: waiting until the controller ${waiting}`);
    }
    if (now() - reportedAt > deadMs) return { kind: "no controller", message: shown };
    await wakeOr(pollMs, woken.signal, context.signal);
  }
}

/** The last report, undefined while there is none that can be read. */
export function statusIn(data: Buffer): AgentPoolStatus | undefined {
  const value = parsed(data);
  const decoded = value === undefined ? undefined : statuses.decode(value);
  return decoded?.ok ? decoded.value : undefined;
}

/** JSON, undefined where the node holds something else: it is read again when its writer has written. */
export function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function wakeOr(ms: number, woken: AbortSignal, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, AbortSignal.any([woken, signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (!woken.aborted) throw error;
  }
}
