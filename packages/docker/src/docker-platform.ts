// SPDX-License-Identifier: Apache-2.0

import { isIP } from "node:net";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  containerName,
  containerNetwork,
  dockerSocket,
  firstPortFailure,
  type HostPort,
  memberLabel,
  networkHosts,
  PublishedPorts,
  parseHostPort,
  parsePrivateNetwork,
  privateBlock,
  type StackName,
  StackNetworks,
  stackLabels,
  taskPorts,
} from "@pulumi-mesos/model";
import {
  describeValue,
  type EndpointArgs,
  lifted,
  type Node,
  type NodeArgs,
  type NodeService,
  type Platform,
  type Pool,
  type PoolAddresses,
  type PoolArgs,
  Provider,
  programIn,
  type Rule,
  validate,
} from "pulumi-mesos";
import { containerArgs, labelList } from "./container-args";
import { type ContainerProgram, type DockerDistribution, simulator } from "./distribution";
import { besideItsTasks, poolTemplate } from "./pool-template";

const loopback = "127.0.0.1";
/** Names of a service's ports that only its own ensemble uses. */
const amongServers: ReadonlySet<string> = new Set(["peer", "election"]);

/** Where ports are published. */
export interface PublishArgs {
  /**
   * The address of the Docker host that takes connections, at which this machine reaches them. Whoever reaches it may try to sign in.
   *
   * @default "127.0.0.1": this machine's own, where Docker runs on it (Docker Desktop) or a tunnel ends
   */
  readonly address?: string;
  /** The first of 85 ports. @default one from 10000 to 30230 that follows from the stack's network, so that no two stacks meet */
  readonly firstPort?: number;
}

/** Options of {@link DockerPlatform}. */
export interface DockerPlatformArgs {
  /** A /16 of private addresses for the stack's network. @default one of 10.16.0.0/16 to 10.254.0.0/16 that follows from project and stack */
  readonly network?: string;
  /** Which image serves each program. @default {@link simulator} */
  readonly distribution?: DockerDistribution;
  /** The Docker host, with its credentials. @default `@pulumi/docker`'s own: DOCKER_HOST, or this machine's dockerd */
  readonly provider?: docker.Provider;
  /**
   * Whether the machine that runs Pulumi reaches the stack's network, as a Docker host on Linux does itself; otherwise the programs' APIs and the
   * edge's traffic are published on the Docker host.
   *
   * @default "network"
   */
  readonly reach?: "network" | "published";
  /** Where, with `reach: "published"`. */
  readonly publish?: PublishArgs;
  /** Where dockerd's socket is on the Docker host; the controller of agent groups makes its members by it. @default "/var/run/docker.sock" */
  readonly socket?: string;
  /**
   * Whether agents get dockerd's socket, so that Docker tasks are containers beside theirs. Whoever may start tasks is then root of
   * the Docker host, as with any agent that has Mesos's Docker containerizer. @default true
   */
  readonly taskContainers?: boolean;
  /** Name of its plugin's resource and, with "-network", of its network; a second platform in one program needs another. @default "platform" */
  readonly name?: string;
}

/**
 * A Docker host: every node is a container with a fixed address on the stack's own network, so that standard ports work
 * unchanged. The machine where Pulumi runs must reach that network, as the Docker host itself does on Linux.
 *
 * @example
 * new mesos.Cluster("demo", { platform: new DockerPlatform(), ... });
 */
export class DockerPlatform implements Platform {
  readonly provider: pulumi.ProviderResource;
  readonly trafficPort = 80;
  readonly httpsPort = 443;
  readonly closed = true;
  readonly #stack: StackName = { project: pulumi.getProject(), stack: pulumi.getStack() };
  readonly #networks: StackNetworks;
  readonly #distribution: DockerDistribution;
  readonly #docker: docker.Provider | undefined;
  readonly #network: docker.Network;
  readonly #socket: string;
  readonly #taskContainers: boolean;
  /** Where ports are published; undefined where none is. */
  readonly #published: { readonly address: string; readonly ports: PublishedPorts } | undefined;

  constructor(args: DockerPlatformArgs = {}) {
    const { network, name = "platform", publish = {} } = args;
    validate(undefined, reachRules(args));
    const block =
      network === undefined
        ? privateBlock(this.#stack.project, this.#stack.stack)
        : lifted(undefined, () => parsePrivateNetwork(network));
    this.#networks = new StackNetworks(block);
    this.#published =
      args.reach === "published"
        ? { address: publish.address ?? loopback, ports: new PublishedPorts(block, publish.firstPort) }
        : undefined;
    this.#distribution = args.distribution ?? simulator;
    this.#docker = args.provider;
    this.#socket = args.socket ?? dockerSocket;
    this.#taskContainers = args.taskContainers ?? true;
    this.provider = new Provider(name, {});
    this.#network = new docker.Network(
      `${name}-network`,
      {
        name: containerNetwork(this.#stack),
        driver: "bridge",
        ipamConfigs: [{ subnet: `${block}.0.0/16`, gateway: `${block}.0.1` }],
        labels: labelList(stackLabels(this.#stack)),
      },
      { provider: this.#docker, deleteBeforeReplace: true },
    );
  }

  addresses(name: string, count: number): Address[] {
    return lifted(undefined, () => this.#networks.addresses(name, count));
  }

  /** Where ports are published, members are known by that address, too. */
  get outerNames(): readonly string[] {
    return this.#published === undefined ? [] : [this.#published.address];
  }

  via({ host }: Address, port: number): string | undefined {
    const published = this.#published;
    return published && `${published.address}:${lifted(undefined, () => published.ports.of(host, port))}`;
  }

  node(name: string, args: NodeArgs, opts: pulumi.ComponentResourceOptions): Node {
    const { service, address } = args;
    const own = { ...opts, provider: this.#docker, deleteBeforeReplace: true };
    const volume = service.data
      ? new docker.Volume(
          `${name}-data`,
          {
            name: containerName(this.#stack, name),
            labels: labelList({ ...stackLabels(this.#stack), [memberLabel]: name }),
          },
          { ...own, dependsOn: undefined },
        )
      : undefined;
    const container = new docker.Container(
      name,
      containerArgs({
        stack: this.#stack,
        member: name,
        address: address.host,
        service,
        program: this.#program(service),
        network: this.#network.name,
        volume: volume?.name,
        published: this.#publishedOf(address, service),
        // Whoever holds it is root of the Docker host: of the nodes the controller alone.
        socket: service.software === "groups" ? this.#socket : undefined,
      }),
      own,
    );
    return { incarnation: container.id };
  }

  pool(name: string, args: PoolArgs, _opts: pulumi.ComponentResourceOptions): Pool {
    const program = this.#program(args.service);
    return {
      template: poolTemplate(args.service, this.#taskContainers ? besideItsTasks(program) : program),
      backend: {
        kind: "docker",
        network: `${this.#prefix(name)}.0/24`,
        taskPorts: [...taskPorts],
        ...(this.#taskContainers ? { socket: this.#socket } : {}),
      },
    };
  }

  poolAddresses(name: string): PoolAddresses {
    return { each: networkHosts(this.#prefix(name)) };
  }

  endpoint(_name: string, args: EndpointArgs): pulumi.Output<string> {
    const { addresses, port, scheme = "http" } = args;
    const [first] = addresses;
    const isUsual = port === (scheme === "http" ? 80 : 443);
    const via = first && this.via(first, port);
    return pulumi.output(`${scheme}://${via ?? `${first?.host}${isUsual ? "" : `:${port}`}`}`);
  }

  /** What people and the plugin ask; what servers of one ensemble say among themselves stays inside. */
  #publishedOf(address: Address, service: NodeService): { port: number; at: HostPort }[] {
    const asked = Object.entries(service.ports).filter(([name]) => !amongServers.has(name));
    // In the order in which a refresh finds them.
    const ports = asked.map(([, port]) => port).sort((a, b) => a - b);
    return ports.flatMap((port) => {
      const at = parseHostPort(this.via(address, port) ?? "");
      return at === undefined ? [] : [{ port, at }];
    });
  }

  #program({ software }: NodeService): ContainerProgram {
    return programIn(this.#distribution, software, '{ image: "bamboo:mine", command: ["bamboo"] }');
  }

  #prefix(name: string): string {
    return lifted(undefined, () => this.#networks.prefix(name));
  }
}

function reachRules({ reach = "network", publish }: DockerPlatformArgs): Rule[] {
  const { address = loopback, firstPort } = publish ?? {};
  const failure = firstPort === undefined ? undefined : firstPortFailure(firstPort);
  return [
    {
      path: "reach",
      when: reach !== "network" && reach !== "published",
      message: `must be "network" or "published", got ${describeValue(reach)}`,
    },
    {
      path: "publish",
      when: publish !== undefined && reach !== "published",
      message: 'is for published ports; add reach: "published", or leave it out',
    },
    {
      path: "publish.address",
      when: isIP(address) !== 4 || address === "0.0.0.0",
      message: `must be an IPv4 address of the Docker host at which this machine reaches it, got ${describeValue(address)}`,
    },
    {
      path: "publish.firstPort",
      when: failure !== undefined,
      message: `${failure}, got ${describeValue(firstPort)}`,
    },
  ];
}
