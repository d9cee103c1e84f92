// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  expandPlaceholders,
  loopbackBlock,
  networkHosts,
  parseLoopbackNetwork,
  poolTaskPorts,
  StackNetworks,
  taskPorts,
} from "@pulumi-mesos/model";
import { type Distribution, programIn, simulator } from "./distribution";
import { describeValue, lifted, validate } from "./invalid-args-error";
import type {
  EndpointArgs,
  Node,
  NodeArgs,
  NodeService,
  Platform,
  Pool,
  PoolAddresses,
  PoolArgs,
} from "./platform";
import { Process } from "./resources/process";
import { Provider } from "./resources/provider";
import { Volume } from "./resources/volume";

const portsPerAgent = 20;

/** Options of {@link LocalPlatform}. */
export interface LocalPlatformArgs {
  /** A /16 of the loopback network. @default one that follows from project and stack */
  readonly network?: string;
  /** Which executable serves each program. @default {@link simulator} */
  readonly distribution?: Distribution;
  /** Name of its provider resource; a second platform in one program needs another. @default "platform" */
  readonly name?: string;
}

/**
 * This machine (Linux): every node is a supervised process with a loopback address of its own, so that standard ports
 * work unchanged.
 *
 * @example
 * new mesos.Cluster("demo", { platform: new mesos.LocalPlatform(), ... });
 */
export class LocalPlatform implements Platform {
  readonly provider: pulumi.ProviderResource;
  readonly trafficPort = 8888;
  readonly httpsPort = 8443;
  readonly closed = false;
  readonly #networks: StackNetworks;
  readonly #distribution: Distribution;
  #pools = 0;

  constructor(args: LocalPlatformArgs = {}) {
    const { network } = args;
    const block =
      network === undefined
        ? loopbackBlock(pulumi.getProject(), pulumi.getStack())
        : lifted(undefined, () => parseLoopbackNetwork(network));
    this.#networks = new StackNetworks(block);
    this.#distribution = args.distribution ?? simulator;
    this.provider = new Provider(args.name ?? "platform", {});
  }

  addresses(name: string, count: number): Address[] {
    return lifted(undefined, () => this.#networks.addresses(name, count));
  }

  node(name: string, args: NodeArgs, opts: pulumi.ComponentResourceOptions): Node {
    const { service, address } = args;
    const volume = service.data
      ? new Volume(`${name}-data`, { name }, { ...opts, dependsOn: undefined })
      : undefined;
    return new Process(
      name,
      {
        ...this.#program(service, address.host),
        ...(volume === undefined ? {} : { volume: volume.name }),
        listen: Object.values(service.ports).map((port) => ({ host: address.host, port })),
      },
      { ...opts, deleteBeforeReplace: true },
    );
  }

  pool(name: string, args: PoolArgs, opts: pulumi.ComponentResourceOptions): Pool {
    const range = poolTaskPorts(this.#pools++, taskPorts);
    const most = Math.floor((range[1] - range[0] + 1) / portsPerAgent);
    validate(opts.parent, [
      {
        path: args.mostPath,
        when: args.most > most,
        message: `must be ${most} or less, because the groups of this machine share the task ports ${taskPorts[0]} to ${taskPorts[1]} and this one has ${range[0]} to ${range[1]}, got ${describeValue(args.most)}; declare the largest group first`,
      },
    ]);
    return {
      template: this.#program(args.service) as Pool["template"],
      backend: {
        kind: "local",
        network: `${this.#prefix(name)}.0/24`,
        taskPorts: range,
        portsPerMember: portsPerAgent,
      },
    };
  }

  poolAddresses(name: string): PoolAddresses {
    return { each: networkHosts(this.#prefix(name)) };
  }

  endpoint(_name: string, args: EndpointArgs): pulumi.Output<string> {
    return pulumi.output(`${args.scheme ?? "http"}://${args.addresses[0]?.host}:${args.port}`);
  }

  #prefix(name: string): string {
    return lifted(undefined, () => this.#networks.prefix(name));
  }

  /** The command of a service; without a host, `{address}` stays for the group controller to fill in. */
  #program(service: NodeService, host?: string) {
    const expand = (text: string): string =>
      expandPlaceholders(text, {
        members: "supervisor:{state}",
        ...(host === undefined ? {} : { address: host }),
      });
    const lift = (text: pulumi.Input<string>): pulumi.Input<string> =>
      typeof text === "string" ? expand(text) : pulumi.output(text).apply(expand);
    const { timeoutSeconds, http, tcp, command, logLine } = service.ready;
    return {
      command: [
        ...programIn(this.#distribution, service.software, '["/usr/local/bin/bamboo"]'),
        ...service.args.map(expand),
      ],
      env: Object.fromEntries(Object.entries(service.env).map(([key, value]) => [key, lift(value)])),
      files: service.files.map((file) => ({ ...file, content: lift(file.content) })),
      ready: {
        ...(http === undefined ? {} : { http: expand(http) }),
        ...(tcp === undefined ? {} : { tcp: expand(tcp) }),
        ...(command === undefined ? {} : { command: command.map(expand) }),
        ...(logLine === undefined ? {} : { logLine }),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      },
      stop: service.stop,
      restart: "always" as const,
    };
  }
}
