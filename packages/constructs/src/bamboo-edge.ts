// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  bambooService,
  bambooTemplate,
  bearerAuthorization,
  type EdgeSettings,
  edgeCertificates,
  edgeService,
  edgeVariables,
  ports,
  userAndPassword,
} from "@pulumi-mesos/model";
import type { Certificates } from "./certificates";
import { type Credentials, withSecrets } from "./credentials";
import type { EdgePlaces, MarathonEndpoints, ZooKeeperEndpoints } from "./endpoints";
import { describeValue, type Rule, sizeRule, validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { NodeService, Platform, Timeouts } from "./platform";
import { namesOf } from "./reach";

/** What a Bamboo of the user's own is told. */
export interface BambooArgs {
  /**
   * Text of its HAProxy template, which has to take traffic at `{address}` (the edge's own; a placeholder) and the
   * platform's traffic port.
   */
  readonly template: pulumi.Input<string>;
  /** Shell command that has HAProxy read its file. @default HAProxy of PATH, replaced by its pid file */
  readonly reloadCommand?: string;
  /** Shell command that judges the file `{{.}}` before. @default `haproxy -c -f {{.}}` */
  readonly reloadValidationCommand?: string;
  /** Shell command after each attempt. @default none */
  readonly reloadCleanupCommand?: string;
  /** Seconds before a changed rule counts. @default 0 */
  readonly reportingDelay?: number;
  /** Where its counts go. @default nowhere */
  readonly statsd?: { readonly host: string; readonly prefix?: string };
  /** Marathon's basic authentication, both or none. */
  readonly marathonUser?: pulumi.Input<string>;
  readonly marathonPassword?: pulumi.Input<string>;
}

/** Arguments of {@link BambooEdge}. */
export interface BambooEdgeArgs {
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly marathon: MarathonEndpoints;
  /**
   * What drives HAProxy: the edge of this project, or QubitProducts' Bamboo, which is the user's own program (see the
   * platform's `distribution`) and gets the same rules.
   *
   * @default "edge"
   */
  readonly controller?: "edge" | "bamboo";
  /** What a Bamboo needs beside addresses; only with `controller: "bamboo"`. */
  readonly bamboo?: BambooArgs;
  /**
   * Edges; each has a HAProxy of its own, and all share their rules. Where the platform has no address in front of them,
   * clients know them all (`urls`).
   *
   * @default 2, of which one may fail or be changed
   */
  readonly size?: number;
  /** Password of user `admin` for HAProxy's statistics at `/haproxy_stats`. @default no such page */
  readonly statsPassword?: pulumi.Input<string>;
  /**
   * Token that the edges' API asks for; a `Cluster` gives it to its provider, so that rules go on being written.
   *
   * @default that of `credentials`; without them whoever reaches the API may write rules
   */
  readonly apiToken?: pulumi.Input<string>;
  /** Refuses whoever has none of these. @default everybody may do everything */
  readonly credentials?: Credentials;
  /** The API speaks TLS by these, as Marathon does. @default plain HTTP */
  readonly tls?: Certificates;
  /**
   * PEM texts by name of their file (`shop.pem`), each with certificate, chain and private key: with them the edges serve
   * HTTPS. The first by name is for clients that name no host. They are kept as secrets. Another one
   * is swapped while the edges run; on Docker and AWS it restarts them, one after the other.
   *
   * @default plain HTTP alone
   */
  readonly certificates?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly timeouts?: Timeouts;
}

/**
 * The edge: HAProxy pointed at whatever Marathon runs, with Bamboo's API for its rules.
 *
 * @example
 * const edge = new mesos.BambooEdge("edge", { platform, zookeeper, marathon });
 * new mesos.BambooEdge("old", { platform, zookeeper, marathon, controller: "bamboo", bamboo: { template } });
 */
export class BambooEdge extends pulumi.ComponentResource {
  readonly addresses: readonly Address[];
  /** `http://host:port`, with TLS `https://host:port`, of every edge's API. */
  readonly apiUrls: readonly string[];
  readonly ready: readonly pulumi.Resource[];
  /** What the API asks for, as a secret; undefined when it asks for nothing. */
  readonly apiToken: pulumi.Output<string> | undefined;
  /** Where traffic enters: the address in front of all edges where the platform has one, the first edge's otherwise. */
  readonly url: pulumi.Output<string>;
  /** Where traffic enters at each edge. */
  readonly urls: readonly string[];
  /** Where HTTPS enters, as `url` for plain HTTP; undefined without certificates. */
  readonly httpsUrl: pulumi.Output<string> | undefined;

  constructor(name: string, args: BambooEdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:BambooEdge", name, { size: args.size }, opts);
    const { platform, zookeeper, marathon, statsPassword, credentials, tls, timeouts } = args;
    const { trafficPort } = platform;
    validate(this, edgeRules(args));
    const { addresses, apiUrls, apiToken } = edgePlaces(platform, name, args);
    this.addresses = addresses;
    this.apiUrls = apiUrls;
    this.apiToken = apiToken;
    const shared = { marathonUrls: marathon.urls, zookeeper: zookeeper.connectionString, trafficPort };
    const https = args.certificates === undefined ? {} : { httpsPort: platform.httpsPort };
    const secrets = {
      env: secretEnv(credentials, statsPassword, this.apiToken),
      liveFiles: certificateFiles(args.certificates ?? {}),
    };
    const { bamboo } = args;
    const plain = edgeService({ ...shared, ...https, tls: tls !== undefined });
    const service = (member: Address): NodeService =>
      bamboo === undefined
        ? withSecrets(plain, secrets, tls?.pair(member.name, namesOf(platform, member)))
        : userBamboo(shared, bamboo);
    const ready = makeMembers(this, name, {
      kind: "edge",
      platform,
      addresses: this.addresses,
      port: ports.edge.api,
      service: (_, member) => service(member),
      tls,
      credentials,
      authorization: this.apiToken?.apply(bearerAuthorization),
      dependsOn: [...zookeeper.ready, ...marathon.ready],
      timeouts,
    });
    this.ready = [ready];
    const own = trafficPort === 80 ? "" : `:${trafficPort}`;
    this.urls = addresses.map((a) => `http://${platform.via?.(a, trafficPort) ?? a.host + own}`);
    this.url = platform.endpoint(
      name,
      { addresses, port: trafficPort, tls: tls !== undefined },
      { parent: this },
    );
    this.httpsUrl = args.certificates && httpsEndpoint(this, name, platform, tls !== undefined);
    this.registerOutputs({ url: this.url, httpsUrl: this.httpsUrl });
  }
}

/**
 * Where the edges of a name will be, before they are made: what an {@link AgentController} is told of them, so that apps
 * follow their traffic.
 *
 * @example
 * const edges = mesos.edgePlaces(platform, "edge", { size: 2 });
 * const controller = new mesos.AgentController("groups", { platform, zookeeper, masters, marathon, edges });
 */
export function edgePlaces(
  platform: Platform,
  name: string,
  {
    size = 2,
    apiToken,
    credentials,
    tls,
  }: Pick<BambooEdgeArgs, "size" | "apiToken" | "credentials" | "tls"> = {},
): EdgePlaces & { readonly addresses: readonly Address[]; readonly apiToken?: pulumi.Output<string> } {
  const addresses = platform.addresses(name, size);
  const token = apiToken ?? credentials?.password("edge", "operator");
  return {
    addresses,
    apiUrls: addresses.map((a) => `${tls === undefined ? "http" : "https"}://${a.host}:${ports.edge.api}`),
    ...(token !== undefined && { apiToken: pulumi.secret(token) }),
  };
}

function httpsEndpoint(
  edge: BambooEdge,
  name: string,
  platform: Platform,
  tls: boolean,
): pulumi.Output<string> {
  const args = { addresses: edge.addresses, port: platform.httpsPort, scheme: "https", tls } as const;
  return platform.endpoint(`${name}-https`, args, { parent: edge });
}

/** A Bamboo with its template; its passwords go by the environment. */
function userBamboo(shared: EdgeSettings, bamboo: BambooArgs): NodeService {
  const { template, marathonUser, marathonPassword, ...settings } = bamboo;
  const env = {
    ...(marathonUser !== undefined && { [edgeVariables.marathonUser]: pulumi.output(marathonUser) }),
    ...(marathonPassword !== undefined && {
      [edgeVariables.marathonPassword]: pulumi.secret(marathonPassword),
    }),
  };
  const files = { [bambooTemplate]: pulumi.output(template) };
  return withSecrets(bambooService({ ...shared, ...settings }), { env, files });
}

/** A name that every platform can write, and that the edge does not take for a key alone. */
const certificateName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*\.pem$/;

function certificateFiles(
  certificates: Readonly<Record<string, pulumi.Input<string>>>,
): Record<string, pulumi.Output<string>> {
  const files = Object.entries(certificates).map(([name, pem]) => [
    `${edgeCertificates}/${name}`,
    pulumi.secret(pem),
  ]);
  return Object.fromEntries(files);
}

/** Secrets go by the environment. */
function secretEnv(
  credentials: Credentials | undefined,
  statsPassword: pulumi.Input<string> | undefined,
  apiToken: pulumi.Output<string> | undefined,
): Record<string, pulumi.Output<string>> {
  return {
    ...(statsPassword !== undefined && { [edgeVariables.statsPassword]: pulumi.secret(statsPassword) }),
    ...(apiToken !== undefined && { [edgeVariables.apiToken]: apiToken }),
    ...(credentials !== undefined && edgeAccess(credentials)),
  };
}

function edgeAccess(credentials: Credentials): Record<string, pulumi.Output<string>> {
  const marathon = credentials.pair("marathon", "operator");
  return {
    [edgeVariables.marathonUser]: marathon.user,
    [edgeVariables.marathonPassword]: marathon.password,
    [edgeVariables.zookeeper]: credentials.pair("zookeeper", "edge").apply(userAndPassword),
  };
}

/** What a Bamboo has, too; everything else is ours alone. */
const sharedOptions: ReadonlySet<string> = new Set<keyof BambooEdgeArgs>([
  "platform",
  "zookeeper",
  "marathon",
  "size",
  "controller",
  "bamboo",
  "timeouts",
]);

/** What edges are refused for. */
export function edgeRules(args: Partial<BambooEdgeArgs>): Rule[] {
  const { size = 2, controller = "edge", bamboo, certificates = {} } = args;
  return [
    ...Object.keys(certificates).map((name) => ({
      path: `edge.certificates[${JSON.stringify(name)}]`,
      when: !certificateName.test(name),
      message:
        "must be the name of a file that ends in .pem, of letters, digits, dots, dashes and underscores",
    })),
    sizeRule("edge.size", size, 16),
    {
      path: "edge.controller",
      when: controller !== "edge" && controller !== "bamboo",
      message: `must be "edge" or "bamboo", got ${describeValue(controller)}`,
    },
    ...(controller === "bamboo" ? bambooRules(args) : []),
    {
      path: "edge.bamboo",
      when: controller !== "bamboo" && bamboo !== undefined,
      message: 'is for a Bamboo of your own; add controller: "bamboo", or leave it out',
    },
  ];
}

function bambooRules(args: Partial<BambooEdgeArgs>): Rule[] {
  const { template, marathonUser, marathonPassword, reportingDelay = 0 } = args.bamboo ?? {};
  const ours = Object.entries(args).filter(
    ([name, value]) => value !== undefined && !sharedOptions.has(name),
  );
  return [
    ...ours.map(([name]) => ({
      path: `edge.${name}`,
      when: true,
      message: 'is no option of a Bamboo; leave it out, or leave out controller: "bamboo"',
    })),
    {
      path: "edge.bamboo.template",
      when: template === undefined || template === "",
      message: "must be the text of your HAProxy template, got nothing",
    },
    {
      path: "edge.bamboo.reportingDelay",
      when: !(Number.isInteger(reportingDelay) && reportingDelay >= 0),
      message: `must be whole seconds, got ${describeValue(reportingDelay)}`,
    },
    {
      path: "edge.bamboo.marathonUser",
      when: (marathonUser === undefined) !== (marathonPassword === undefined),
      message: "and marathonPassword go together, because Bamboo sends neither without the other",
    },
  ];
}
