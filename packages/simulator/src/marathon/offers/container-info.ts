// SPDX-License-Identifier: Apache-2.0
import {
  type App,
  type Container,
  type ExternalVolume,
  type Network,
  portsOf,
  type Volume,
} from "../app/types";

type Json = Record<string, unknown>;
type HostPorts = readonly (number | undefined)[];

/** `tcp,udp` as single protocols. */
export function protocolsOf(protocol: string): string[] {
  return protocol.split(",");
}

/** A secret as Mesos names it: by reference, never by value. */
export function secretReference(name: string): Json {
  return { type: "REFERENCE", reference: { name } };
}

/** `TaskInfo.container`; undefined for a plain process on the host's network. */
export function containerInfo(
  app: App,
  hostPorts: HostPorts,
  options: { readonly bridgeName: string },
): Json | undefined {
  const tty = app.tty === true ? { tty_info: {} } : {};
  const container = app.container ?? (app.tty === true ? { type: "MESOS" as const, volumes: [] } : undefined);
  if (container === undefined) return undefined;
  const mode = app.networks[0]?.mode ?? "host";
  const volumes = container.volumes.flatMap((v) => volumeInfo(app, v) ?? []);
  const { docker } = container;
  if (container.type === "DOCKER" && docker !== undefined) {
    return {
      type: "DOCKER",
      volumes,
      docker: {
        image: docker.image,
        network: mode === "host" ? "HOST" : mode === "container" ? "USER" : "BRIDGE",
        port_mappings: mode === "host" ? [] : mappingsOf(app, hostPorts),
        privileged: docker.privileged,
        parameters: docker.parameters,
        force_pull_image: docker.forcePullImage,
      },
      ...(mode === "container" ? { network_infos: app.networks.map((n) => networkInfo(n)) } : {}),
      ...tty,
    };
  }
  const networks =
    mode === "host"
      ? []
      : mode === "container"
        ? app.networks.map((n) => networkInfo(n, mappingsOf(app, hostPorts, n.name)))
        : [networkInfo({ ...app.networks[0], name: options.bridgeName }, mappingsOf(app, hostPorts))];
  return {
    type: "MESOS",
    volumes,
    mesos: docker === undefined ? {} : { image: imageInfo(app, docker) },
    ...(networks.length === 0 ? {} : { network_infos: networks }),
    ...linuxInfo(container),
    ...tty,
  };
}

function imageInfo(app: App, docker: NonNullable<Container["docker"]>): Json {
  const secret = docker.pullConfig?.secret;
  const config =
    secret === undefined ? {} : { config: secretReference(app.secrets[secret]?.source ?? secret) };
  return { type: "DOCKER", docker: { name: docker.image, ...config }, cached: !docker.forcePullImage };
}

/** The mappings of one network: those that name it, or name none. */
function mappingsOf(app: App, hostPorts: HostPorts, network?: string): Json[] {
  return portsOf(app).flatMap((port, i) => {
    const hostPort = hostPorts[i];
    const names = app.container?.portMappings?.[i]?.networkNames ?? [];
    const elsewhere = network !== undefined && names.length > 0 && !names.includes(network);
    if (hostPort === undefined || elsewhere) return [];
    const given = port.containerPort;
    return protocolsOf(port.protocol).map((protocol) => ({
      host_port: hostPort,
      container_port: given === undefined || given === 0 ? hostPort : given,
      protocol,
    }));
  });
}

function networkInfo(network: Partial<Network>, portMappings?: readonly Json[]): Json {
  const labels = Object.entries(network.labels ?? {}).map(([key, value]) => ({ key, value }));
  return {
    ...(network.name === undefined ? {} : { name: network.name }),
    ip_addresses: [{}],
    ...(labels.length === 0 ? {} : { labels: { labels } }),
    ...(portMappings === undefined ? {} : { port_mappings: portMappings }),
  };
}

/** Persistent volumes come with the resources of the task, not here. */
function volumeInfo(app: App, volume: Volume): Json | undefined {
  const place = { container_path: volume.containerPath, mode: volume.mode ?? "RW" };
  if (volume.persistent !== undefined) return undefined;
  if (volume.external !== undefined) return { ...place, source: externalSource(volume.external) };
  if (volume.secret === undefined) return { ...place, host_path: volume.hostPath };
  const secret = secretReference(app.secrets[volume.secret]?.source ?? volume.secret);
  return { ...place, mode: "RO", source: { type: "SECRET", secret } };
}

function externalSource({ provider, name, size, options }: ExternalVolume): Json {
  if (provider === "csi") return csiSource(name, options);
  const given = { ...options, ...(size === undefined ? {} : { "dvdi/size": String(size) }) };
  const parameter = Object.entries(given)
    .filter(([key]) => key.startsWith("dvdi/") && key !== "dvdi/driver")
    .map(([key, value]) => ({ key: key.slice("dvdi/".length), value: String(value).trim() }));
  return {
    type: "DOCKER_VOLUME",
    docker_volume: {
      driver: options["dvdi/driver"],
      name,
      ...(parameter.length === 0 ? {} : { driver_options: { parameter } }),
    },
  };
}

interface CsiOptions {
  readonly pluginName?: string;
  readonly capability?: {
    readonly accessMode?: string;
    readonly accessType?: string;
    readonly fsType?: string;
    readonly mountFlags?: readonly string[];
  };
  readonly nodeStageSecret?: Readonly<Record<string, string>>;
  readonly nodePublishSecret?: Readonly<Record<string, string>>;
  readonly volumeContext?: Readonly<Record<string, string>>;
}

function csiSource(name: string | undefined, options: CsiOptions): Json {
  const { accessMode, accessType, fsType, mountFlags } = options.capability ?? {};
  const secrets = (of: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(of).map(([key, secret]) => [key, secretReference(secret)]));
  const mount = {
    ...(fsType === undefined ? {} : { fs_type: fsType }),
    ...(mountFlags === undefined ? {} : { mount_flags: mountFlags }),
  };
  return {
    type: "CSI_VOLUME",
    csi_volume: {
      plugin_name: options.pluginName,
      static_provisioning: {
        volume_id: name,
        volume_capability: {
          access_mode: { mode: accessMode },
          ...(accessType === "block" ? { block: {} } : { mount }),
        },
        node_stage_secrets: secrets(options.nodeStageSecret),
        node_publish_secrets: secrets(options.nodePublishSecret),
        volume_context: options.volumeContext ?? {},
      },
    },
  };
}

/** `ContainerInfo.linux_info` as a part to spread; nothing where none is given. */
export function linuxInfo({ linuxInfo: info }: Pick<Container, "linuxInfo">): Json {
  if (info === undefined) return {};
  const { seccomp, ipcInfo } = info;
  const named = seccomp?.profileName === undefined ? {} : { profile_name: seccomp.profileName };
  return {
    linux_info: {
      ...(seccomp === undefined ? {} : { seccomp: { ...named, unconfined: seccomp.unconfined } }),
      ...(ipcInfo === undefined ? {} : { ipc_mode: ipcInfo.mode }),
      ...(ipcInfo?.shmSize === undefined ? {} : { shm_size: ipcInfo.shmSize }),
    },
  };
}
