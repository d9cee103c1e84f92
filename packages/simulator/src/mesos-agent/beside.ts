// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { MesosError, taskLabels } from "@pulumi-mesos/model";
import type Docker from "dockerode";
import type { TaskInfo } from "../protocol/types";
import { portMappings } from "./nginx";

/** The container of an agent that is in one: those of its Docker tasks are beside it. */
export interface OwnContainer {
  readonly id: string;
  /** The network with the agent's address; a bridge's tasks are on it, too. */
  readonly network: string;
  /** Labels of its tasks' containers. */
  readonly labels: Readonly<Record<string, string>>;
  /** When its network came into being. */
  readonly startedAt: string;
}

/** The container that this process is in, by the file that dockerd mounts into each; undefined on a plain host. */
export function ownContainer(mounts = readFileSync("/proc/self/mountinfo", "utf8")): string | undefined {
  return /\/containers\/([0-9a-f]{64})\/hostname \/etc\/hostname /.exec(mounts)?.[1];
}

/** What an agent must know of its own container; undefined when it has the host's network, where all is as on a plain host. */
export function besideOf(found: Docker.ContainerInspectInfo, ip: string): OwnContainer | undefined {
  if (found.HostConfig.NetworkMode === "host") return undefined;
  const networks = Object.entries(found.NetworkSettings.Networks);
  const [network] = networks.find(([, { IPAddress }]) => IPAddress === ip) ?? networks[0] ?? [];
  if (network === undefined)
    throw new MesosError("MESOS_SIMULATOR_DOCKER", "the agent's container has no network");
  const { Id: id, Config, State } = found;
  return { id, network, labels: taskLabels(Config.Labels), startedAt: State.StartedAt };
}

/** Why a container cannot go on: the network that it shared with the agent's ended, and dockerd gives it no other. */
export function outlived(
  { HostConfig, State }: Docker.ContainerInspectInfo,
  own: OwnContainer,
): string | undefined {
  const [, shared] = /^container:(.+)$/.exec(HostConfig.NetworkMode ?? "") ?? [];
  if (shared === undefined || !State.Running) return undefined;
  if (shared === own.id && Date.parse(State.StartedAt) >= Date.parse(own.startedAt)) return undefined;
  return "the agent's container started anew, and with it ended the network that the task shared";
}

/** Listeners that hand connections on. */
export interface Forwarder {
  /** Takes no more connections; what is open goes on. */
  refuse(): void;
  /** Ends what is open, too. */
  close(): void;
}

/** Takes connections at the agent's address for the ports that a task maps, and hands them on to its container. */
export async function forwardPorts(info: TaskInfo, ip: string, target: string): Promise<Forwarder> {
  const mappings = portMappings(info);
  const other = mappings.find(({ protocol = "tcp" }) => protocol !== "tcp");
  if (other !== undefined) {
    throw new MesosError(
      "MESOS_SIMULATOR_TASK",
      `port ${other.host_port}/${other.protocol}: of tasks beside the agent's container only TCP is handed on`,
    );
  }
  const open: Forwarder[] = [];
  const all = (what: keyof Forwarder) => (): void => {
    for (const one of open) one[what]();
  };
  try {
    for (const { host_port, container_port } of mappings)
      open.push(await forward({ host: ip, port: host_port }, { host: target, port: container_port }));
  } catch (error) {
    all("close")();
    throw error;
  }
  return { refuse: all("refuse"), close: all("close") };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

async function forward(from: Place, to: Place): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing = connect({ ...to, allowHalfOpen: true });
    keep(incoming);
    keep(outgoing);
    handOn(incoming, outgoing);
    handOn(outgoing, incoming);
  });
  await listen(server, from);
  const refuse = (): void => void server.close(() => undefined); // closed already is as good
  return {
    refuse,
    close: () => {
      refuse();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** An end is handed on, as the other side may still have something to say; a reset is one for both. */
function handOn(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on("error", () => to.resetAndDestroy()); // whoever is at the other end sees it as its own
  from.on("close", () => to.destroySoon());
}

function listen(server: Server, { host, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
