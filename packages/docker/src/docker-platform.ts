// SPDX-License-Identifier: Apache-2.0

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  containerName,
  containerNetwork,
  dockerSocket,
  memberLabel,
  parsePrivateNetwork,
  privateBlock,
  type StackName,
  StackNetworks,
  stackLabels,
  taskPorts,
} from "@pulumi-mesos/model";
import {
  type EndpointArgs,
  lifted,
  type Node,
  type NodeArgs,
  type NodeService,
  type Platform,
  type Pool,
  type PoolArgs,
  Provider,
  programIn,
} from "pulumi-mesos";
import { containerArgs, labelList } from "./container-args";
import { type ContainerProgram, type DockerDistribution, simulator } from "./distribution";
import { besideItsTasks, poolTemplate } from "./pool-template";

/** Options of {@link DockerPlatform}. */
export interface DockerPlatformArgs {
  /** A /16 of private addresses for the stack's network. @default one of 10.16.0.0/16 to 10.254.0.0/16 that follows from project and stack */
  readonly network?: string;
  /** Which image serves each program. @default {@link simulator} */
  readonly distribution?: DockerDistribution;
  /** The Docker host, with its credentials. @default `@pulumi/docker`'s own: DOCKER_HOST, or this machine's dockerd */
  readonly provider?: docker.Provider;
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

  constructor(args: DockerPlatformArgs = {}) {
    const { network, name = "platform" } = args;
    const block =
      network === undefined
        ? privateBlock(this.#stack.project, this.#stack.stack)
        : lifted(undefined, () => parsePrivateNetwork(network));
    this.#networks = new StackNetworks(block);
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

  endpoint(_name: string, args: EndpointArgs): pulumi.Output<string> {
    const { addresses, port, scheme = "http" } = args;
    const isUsual = port === (scheme === "http" ? 80 : 443);
    return pulumi.output(`${scheme}://${addresses[0]?.host}${isUsual ? "" : `:${port}`}`);
  }

  #program({ software }: NodeService): ContainerProgram {
    return programIn(this.#distribution, software, '{ image: "bamboo:mine", command: ["bamboo"] }');
  }

  #prefix(name: string): string {
    return lifted(undefined, () => this.#networks.prefix(name));
  }
}
