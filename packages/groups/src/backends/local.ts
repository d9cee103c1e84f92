// SPDX-License-Identifier: Apache-2.0
import { type LocalPoolBackend, memberName, type PoolTemplate, type ProcessSpec } from "@pulumi-mesos/model";
import {
  end,
  list,
  listVolumes,
  makeVolume,
  removeVolume,
  type Scope,
  start,
} from "@pulumi-mesos/supervisor";
import type { Member } from "../observed";
import { addressOf, type Backend, fill, indexOf, ofKind } from "./backend";

/** SIGUSR1 makes an agent unregister and end its tasks: it leaves for ever. */
const leave = { signal: "SIGUSR1", graceSeconds: 10 } as const;

/** Members as supervised processes of this machine: `<pool>-<n>`, with an address, a volume and task ports of its own. */
export function localBackend(scope: Scope, searchPath: string): Backend {
  return {
    kind: "local",
    capacity: (backend) => capacity(ofKind(backend, "local")),
    async members(pool) {
      const [processes, volumes] = await Promise.all([list(scope), listVolumes(scope)]);
      const running = new Map(processes.map((process) => [process.name, process.running]));
      // A volume alone is a member, too: its start was cut short, or its end.
      return [...new Set([...running.keys(), ...volumes])].flatMap((name): Member[] => {
        const index = indexOf(pool, name);
        return index === undefined ? [] : [{ index, name, running: running.get(name) ?? false }];
      });
    },
    async start(pool, index, { template, backend }, signal) {
      const spec = memberSpec(pool, index, template, ofKind(backend, "local"));
      await makeVolume(scope, spec.name);
      await start(scope, spec, { searchPath, signal });
    },
    async terminate(name, signal) {
      await end(scope, name, { signal, stop: leave });
      await removeVolume(scope, name);
    },
  };
}

/** As many as have whole slices of the task ports, at most the 254 addresses of the network. */
export function capacity({ taskPorts: [first = 0, last = 0], portsPerMember }: LocalPoolBackend): number {
  return Math.min(254, Math.max(0, Math.floor((last - first + 1) / portsPerMember)));
}

/** What a member runs: the template with its name, address, volume and ports filled in. */
export function memberSpec(
  pool: string,
  index: number,
  template: PoolTemplate,
  backend: LocalPoolBackend,
): ProcessSpec {
  const name = memberName(pool, index);
  const address = addressOf(backend, index);
  const first = (backend.taskPorts[0] ?? 0) + (index - 1) * backend.portsPerMember;
  const ports = `${first}-${first + backend.portsPerMember - 1}`;
  const filled = fill(template, { name, address, ports });
  return { ...filled, name, volume: name, listen: listenOf(filled.ready, address) };
}

/** The port that the probe asks is the one that must be free. */
function listenOf(ready: ProcessSpec["ready"], address: string): ProcessSpec["listen"] {
  const target = ready?.http ?? (ready?.tcp === undefined ? undefined : `http://${ready.tcp}`);
  if (target === undefined) return [];
  const url = new URL(target);
  return url.hostname === address ? [{ host: address, port: Number(url.port || 80) }] : [];
}
