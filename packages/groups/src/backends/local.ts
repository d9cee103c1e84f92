// SPDX-License-Identifier: Apache-2.0
import {
  expandPlaceholders,
  type LocalPoolBackend,
  memberName,
  type Placeholders,
  type ProcessSpec,
} from "@pulumi-mesos/model";
import {
  end,
  list,
  listVolumes,
  makeVolume,
  removeVolume,
  type Scope,
  start,
} from "@pulumi-mesos/supervisor";
import type { Applied, Member } from "../observed";
import type { Backend } from "./backend";

/** SIGUSR1 makes an agent unregister and end its tasks: it leaves for ever. */
const leave = { signal: "SIGUSR1", graceSeconds: 10 } as const;

/** Members as supervised processes of this machine: `<pool>-<n>`, with an address, a volume and task ports of its own. */
export function localBackend(scope: Scope, searchPath: string): Backend {
  return {
    addressOf,
    capacity,
    async members(pool) {
      const prefix = memberName(pool, 0).slice(0, -1);
      const [processes, volumes] = await Promise.all([list(scope), listVolumes(scope)]);
      const running = new Map(processes.map((process) => [process.name, process.running]));
      // A volume alone is a member, too: its start was cut short, or its end.
      return [...new Set([...running.keys(), ...volumes])].flatMap((name): Member[] => {
        const number = name.startsWith(prefix) ? name.slice(prefix.length) : "";
        if (!/^[1-9]\d{0,2}$/.test(number)) return [];
        return [{ index: Number(number), name, running: running.get(name) ?? false }];
      });
    },
    async start(pool, index, applied, signal) {
      const spec = memberSpec(pool, index, applied);
      await makeVolume(scope, spec.name);
      await start(scope, spec, { searchPath, signal });
    },
    async terminate(name, signal) {
      await end(scope, name, { signal, stop: leave });
      await removeVolume(scope, name);
    },
  };
}

/** Member n has the address .n of the pool's network. */
export function addressOf(backend: LocalPoolBackend, index: number): string {
  return backend.network.replace(/0\/24$/, String(index));
}

/** As many as have whole slices of the task ports, at most the 254 addresses of the network. */
export function capacity({ taskPorts: [first = 0, last = 0], portsPerMember }: LocalPoolBackend): number {
  return Math.min(254, Math.max(0, Math.floor((last - first + 1) / portsPerMember)));
}

/** What a member runs: the template with its name, address, volume and ports filled in. */
export function memberSpec(pool: string, index: number, { template, backend }: Applied): ProcessSpec {
  const name = memberName(pool, index);
  const address = addressOf(backend, index);
  const first = (backend.taskPorts[0] ?? 0) + (index - 1) * backend.portsPerMember;
  const ports = `${first}-${first + backend.portsPerMember - 1}`;
  const filled = fill(template, { name, address, ports });
  return { ...filled, name, volume: name, listen: listenOf(filled.ready, address) };
}

function fill<T>(value: T, values: Partial<Placeholders>): T {
  if (typeof value === "string") return expandPlaceholders(value, values) as T;
  if (Array.isArray(value)) return value.map((item) => fill(item, values)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)])) as T;
}

/** The port that the probe asks is the one that must be free. */
function listenOf(ready: ProcessSpec["ready"], address: string): ProcessSpec["listen"] {
  const target = ready?.http ?? (ready?.tcp === undefined ? undefined : `http://${ready.tcp}`);
  if (target === undefined) return [];
  const url = new URL(target);
  return url.hostname === address ? [{ host: address, port: Number(url.port || 80) }] : [];
}
