// SPDX-License-Identifier: Apache-2.0
import {
  basicAuthorization,
  type Credential,
  groupsVariables,
  MesosError,
  marathonFramework,
  type StackName,
} from "@pulumi-mesos/model";
import { Command, InvalidArgumentError, Option } from "commander";

/** What `mesos-agent-groups` is told. */
export interface Options {
  readonly zookeeper: string;
  readonly cluster: string;
  readonly masters: readonly string[];
  readonly marathon: readonly string[];
  readonly marathonName: string;
  /** APIs of the edges that count requests. */
  readonly edges: readonly string[];
  readonly members: MemberHome;
  readonly bind: { readonly host: string; readonly port: number };
  /** File with the certificate and key that are served by. */
  readonly certificate?: string;
  /** File with the certificates of the authorities of masters and Marathon. */
  readonly ca?: string;
  /** Whether to print what autoscaling would do now, and change nothing. */
  readonly dryRun?: boolean;
}

/** Who the controller is where strangers are refused; it has no flags for that, because command lines are for all to read. */
export interface Secrets {
  /** `user:password` at ZooKeeper (digest). */
  readonly zookeeper?: string;
  /** Header of that name for the masters. */
  readonly masters?: string;
  readonly marathon?: Credential;
  /** What the edges' API asks for. */
  readonly edge?: string;
  /** What `/status` asks for. */
  readonly apiToken?: string;
}

/** Reads them from the environment. */
export function readSecrets(env: Readonly<Record<string, string | undefined>>): Secrets {
  const { zookeeper, masters, marathon, edge, apiToken } = groupsVariables;
  const principal = credentialIn(masters, env[masters]);
  return {
    zookeeper: env[zookeeper],
    masters: principal && basicAuthorization(principal),
    marathon: credentialIn(marathon, env[marathon]),
    edge: env[edge],
    apiToken: env[apiToken],
  };
}

function credentialIn(name: string, text: string | undefined): Credential | undefined {
  if (text === undefined) return undefined;
  const [, user, password] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (user === undefined || password === undefined) {
    throw new MesosError("MESOS_GROUPS_OPTIONS", `${name}: must be user:password`);
  }
  return { user, password };
}

/** Where members are made. */
export type MemberHome =
  | { readonly kind: "local"; readonly directory: string }
  | { readonly kind: "docker"; readonly stack: StackName }
  | { readonly kind: "aws"; readonly region: string; readonly stack: StackName };

const hostPort = /^[^\s:,/]+:\d{1,5}$/;

interface Flag {
  readonly flag: string;
  readonly help: string;
  readonly fallback?: string;
  readonly isOptional?: boolean;
  readonly parse: (text: string) => unknown;
}

/** Every flag; `--help` and the README's section come from here. */
const table: readonly Flag[] = [
  {
    flag: "--zookeeper <host:port,…>",
    help: "ZooKeeper's connection string",
    parse: (text: string) => hostPorts(text) && text,
  },
  {
    flag: "--cluster <name>",
    help: "the cluster whose agent groups are kept: /pulumi-mesos/<name>/pools",
    parse: (text: string) => text,
  },
  { flag: "--masters <host:port,…>", help: "every Mesos master", parse: hostPorts },
  {
    flag: "--marathon <url,…>",
    help: "every Marathon, whose tasks are moved away before an agent is drained; empty where there is none",
    parse: urls,
  },
  {
    flag: "--marathon-name <framework>",
    help: "as which framework the masters know it: while it does not answer, its tasks stay where they are, and those of others are drained",
    fallback: marathonFramework,
    parse: (text: string) => text,
  },
  {
    flag: "--edges <url,…>",
    help: "every edge's API, by whose counts of requests apps are sized; without one such apps keep the instances that they have",
    fallback: "",
    parse: urls,
  },
  {
    flag: "--members <where>",
    help: "where members are made: supervisor:DIRECTORY, where the supervisor keeps this stack's processes, docker:PROJECT/STACK, by the dockerd of DOCKER_HOST or of /var/run/docker.sock, or aws:REGION/PROJECT/STACK, by the role of the instance",
    parse: memberHome,
  },
  {
    flag: "--bind <host:port>",
    help: "where /health, /status and /metrics are served",
    fallback: "127.0.0.1:8010",
    parse: bind,
  },
  {
    flag: "--certificate <file>",
    help: "PEM file with the key and certificates that /health, /status and /metrics are served by; plain HTTP without it",
    isOptional: true,
    parse: (text: string) => text,
  },
  {
    flag: "--ca <file>",
    help: "PEM file with the certificates of the authorities of masters and Marathon: the masters then speak TLS",
    isOptional: true,
    parse: (text: string) => text,
  },
];

const secretsHelp = `
Who it is where strangers are refused comes from the environment, as user:password:
${[groupsVariables.zookeeper, groupsVariables.masters, groupsVariables.marathon].join(", ")}.
${groupsVariables.edge} is the token that the edges' API asks for.
${groupsVariables.apiToken} is the token that /status asks for (Authorization: Bearer); nobody is asked without it.
`;

/** Parses the command line; an unknown or missing flag ends the program with usage and code 1. */
export function parseOptions(argv: readonly string[], onRefused?: (message: string) => void): Options {
  const command = new Command("mesos-agent-groups")
    .description("Keeps groups of Mesos agents at their declared size.")
    .addHelpText("after", secretsHelp)
    .allowExcessArguments(false)
    .showHelpAfterError();
  if (onRefused !== undefined) command.configureOutput({ writeErr: onRefused, writeOut: onRefused });
  command.exitOverride((error) => {
    if (onRefused !== undefined) throw error;
    process.exit(error.exitCode === 0 ? 0 : 1);
  });
  for (const { flag, help, fallback, isOptional = false, parse } of table) {
    const option = new Option(flag, help).argParser<unknown>((text) => parse(text));
    if (fallback === undefined) option.makeOptionMandatory(!isOptional);
    else option.default(parse(fallback), fallback);
    command.addOption(option);
  }
  command.option("--dry-run", "print what autoscaling would do now and why, change nothing, and end");
  return command.parse(argv, { from: "user" }).opts<Options>();
}

function hostPorts(text: string): string[] {
  const parts = text.split(",");
  if (parts.every((part) => hostPort.test(part))) return parts;
  throw new InvalidArgumentError("It must be host:port,host:port,….");
}

function memberHome(text: string): MemberHome {
  const [, directory] = /^supervisor:(.+)$/.exec(text) ?? [];
  if (directory !== undefined) return { kind: "local", directory };
  const [, region, project, stack] = /^(?:docker:|aws:([a-z0-9-]+)\/)([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (project === undefined || stack === undefined) {
    const ways = "supervisor:DIRECTORY, docker:PROJECT/STACK or aws:REGION/PROJECT/STACK";
    throw new InvalidArgumentError(`It must be ${ways}.`);
  }
  const owner = { project, stack };
  return region === undefined ? { kind: "docker", stack: owner } : { kind: "aws", region, stack: owner };
}

function urls(text: string): string[] {
  const parts = text.split(",").filter((part) => part !== "");
  if (parts.every((part) => URL.canParse(part))) return parts;
  throw new InvalidArgumentError("It must be http://host:port,….");
}

function bind(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(":");
  if (!hostPort.test(text)) throw new InvalidArgumentError("It must be host:port.");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}
