// SPDX-License-Identifier: Apache-2.0
import {
  type LocalPoolBackend,
  memberName,
  type PoolTemplate,
  type ProcessSpec,
  templateDigest,
} from "@pulumi-mesos/model";
import {
  end,
  list,
  listVolumes,
  makeVolume,
  readInVolume,
  removeVolume,
  type Scope,
  start,
} from "@pulumi-mesos/supervisor";
import { type Notice, readNotice } from "../notice";
import type { Member } from "../observed";
import { addressOf, type Backend, fill, indexOf, noticeFile, ofKind, withNotice } from "./backend";

/** SIGUSR1 makes an agent unregister and end its tasks: it leaves for ever. */
const leave = { signal: "SIGUSR1", graceSeconds: 10 } as const;

/** Members as supervised processes of this machine: `<pool>-<n>`, with an address, a volume and task ports of its own. */
export function localBackend(scope: Scope, searchPath: string): Backend {
  return {
    kind: "local",
    capacity: (backend) => capacity(ofKind(backend, "local")),
    async members(pool) {
      const [processes, volumes] = await Promise.all([list(scope), listVolumes(scope)]);
      const known = new Map(processes.map((process) => [process.name, process]));
      // A volume alone is a member, too: its start was cut short, or its end.
      const found = [...new Set([...known.keys(), ...volumes])].flatMap((name): Member[] => {
        const index = indexOf(pool, name);
        const { running = false, incarnation: template } = known.get(name) ?? {};
        return index === undefined ? [] : [{ index, name, running, template }];
      });
      return await Promise.all(found.map(async (m) => withNotice(m, await noticeIn(scope, m.name))));
    },
    async start(pool, index, { template, backend }, signal) {
      const spec = memberSpec(pool, index, template, ofKind(backend, "local"));
      await makeVolume(scope, spec.name);
      // Named for its template, so that the process itself says what it runs; its tasks stay for the agent to find again.
      const incarnation = templateDigest(template, backend);
      await start(scope, spec, { searchPath, signal, incarnation, keepSessions: true });
    },
    async terminate(name, signal) {
      await end(scope, name, { signal, stop: leave });
      await removeVolume(scope, name);
    },
  };
}

/** What somebody has put into a member's volume about its end. */
async function noticeIn(scope: Scope, name: string): Promise<Notice | undefined> {
  const file = await readInVolume(scope, name, noticeFile);
  return file && readNotice(file.text, file.writtenAt);
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
