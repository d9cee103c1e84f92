// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type AgentResources,
  type AutoscalePolicy,
  agentFiles,
  agentService,
  checkAutoscalePolicy,
  checkRollPolicy,
  closedAgentFlags,
  credentialFile,
  credentialsFile,
  doors,
  type Flags,
  largestMax,
  type RollPolicy,
  reservedAgentFlags,
  secureAgentFlags,
  userAndPassword,
  zookeeperUrl,
} from "@pulumi-mesos/model";
import type { AgentController } from "./agent-controller";
import { type Credentials, type ServiceSecrets, withSecrets } from "./credentials";
import { describeValue, flagRules, type Rule, validate } from "./invalid-args-error";
import type { Timeouts } from "./platform";
import { AgentPool } from "./resources/agent-pool";

/** What an agent group is, apart from the controller that keeps it. */
export interface AgentGroupSpec {
  /** How many agents; or `autoscale`. */
  readonly size?: number;
  /**
   * Between which sizes the group keeps itself, by what its agents hold and what waits for one; or `size`. What is declared
   * counts at once, and the size that was chosen within it is nobody's drift.
   *
   * @example
   * autoscale: { min: 2, max: 20, targetUtilization: 0.8, scaleDown: { stabilizationSeconds: 600 } }
   */
  readonly autoscale?: AutoscalePolicy;
  /** What each agent offers. */
  readonly resources: AgentResources;
  /** Attributes of each agent. @default `group:<name of the group>` */
  readonly attributes?: Readonly<Record<string, string>>;
  /** More flags of `mesos-agent`, by name without dashes. */
  readonly flags?: Flags;
  /** How long tasks of other frameworks than Marathon may take to end when an agent leaves. @default 60 s */
  readonly drainGraceSeconds?: number;
  /** An agent that takes longer to drain is reported. @default 600 s */
  readonly drainTimeoutSeconds?: number;
  /**
   * Whether an agent that does not drain in time is only reported, or ended with the tasks that it still has.
   *
   * @default "report"
   */
  readonly onDrainTimeout?: "report" | "end";
  /** How a changed template goes through the group. @default one agent at a time, one more first, the first alone until it holds */
  readonly update?: RollPolicy;
}

/** Arguments of {@link AgentGroup}. */
export interface AgentGroupArgs extends AgentGroupSpec {
  readonly controller: AgentController;
  /** Unique in the cluster. @default the resource's name */
  readonly groupName?: string;
  readonly timeouts?: Timeouts;
}

/**
 * Interchangeable Mesos agents (older texts call an agent a slave). Fewer are reached by draining the emptiest first.
 *
 * @example
 * new mesos.AgentGroup("web", { controller, size: 5, resources: { cpus: 2, mem: 1024 } });
 */
export class AgentGroup extends pulumi.ComponentResource {
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: AgentGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:AgentGroup", name, { size: args.size, autoscale: args.autoscale }, opts);
    const {
      controller,
      autoscale,
      size = 0,
      resources,
      groupName = name,
      flags = {},
      drainGraceSeconds = 60,
      drainTimeoutSeconds = 600,
      onDrainTimeout,
      update,
      timeouts,
    } = args;
    const { platform, zookeeper, masters, credentials, authorization, tls } = controller;
    const authentication = credentials !== undefined;
    validate(this, agentGroupRules(groupName, args, authentication, tls !== undefined));
    controller.claim(this, groupName);
    const attributes = args.attributes ?? { group: groupName };
    const plain = agentService({
      ...{ master: masters.zk, resources, attributes, flags },
      ...{ authentication, authorization, tls: tls !== undefined },
    });
    const secrets = credentials && agentSecrets(credentials, masters.zk);
    const service = withSecrets(plain, secrets, tls?.pool(name, platform.poolAddresses(name)));
    const zookeeperCredential = credentials?.pair("zookeeper", "groups").apply(userAndPassword);
    const pool = platform.pool(
      name,
      {
        group: groupName,
        service,
        most: autoscale === undefined ? size : largestMax(autoscale),
        mostPath: `agents.${groupName}.${autoscale === undefined ? "size" : "autoscale.max"}`,
      },
      { parent: this, provider: platform.provider },
    );
    const declaration = {
      name,
      size,
      ...(autoscale === undefined ? {} : { autoscale }),
      ...pool,
      ...(update === undefined ? {} : { update }),
      drain: {
        graceSeconds: drainGraceSeconds,
        timeoutSeconds: drainTimeoutSeconds,
        ...(onDrainTimeout === undefined ? {} : { onTimeout: onDrainTimeout }),
      },
    };
    const declared = new AgentPool(
      name,
      {
        cluster: controller.clusterName,
        zookeeper: zookeeper.via ?? zookeeper.connectionString,
        ...(zookeeperCredential === undefined ? {} : { zookeeperCredential }),
        declaration,
      },
      {
        parent: this,
        provider: platform.provider,
        dependsOn: [...controller.ready],
        customTimeouts: timeouts ?? platform.groupTimeouts,
      },
    );
    this.ready = [declared];
    this.registerOutputs({});
  }
}

function agentSecrets(credentials: Credentials, zk: string): ServiceSecrets {
  return {
    files: {
      [agentFiles.master]: credentials.pair("zookeeper", "agents").apply((c) => zookeeperUrl(c, zk)),
      [agentFiles.credential]: credentials.pair("mesos", "agents").apply(credentialFile),
      [agentFiles.http]: credentials.pairs("agents", doors.agents).apply(credentialsFile),
    },
  };
}

const optionalAmounts: Partial<AgentResources> = { disk: 0, gpus: 0 };

function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function changeRules(path: string, spec: Partial<AgentGroupSpec>): Rule[] {
  const { update, onDrainTimeout, drainTimeoutSeconds: seconds = 600 } = spec;
  return [
    ...checkRollPolicy(update ?? {}).map(({ path: at, message }) => ({
      path: `${path}.update${at === "" ? "" : `.${at}`}`,
      when: true,
      message,
    })),
    {
      path: `${path}.drainTimeoutSeconds`,
      when: !(Number.isFinite(seconds) && seconds >= 1),
      message: `must be a number of seconds, 1 or more, got ${describeValue(seconds)}`,
    },
    {
      path: `${path}.onDrainTimeout`,
      when: onDrainTimeout !== undefined && !["report", "end"].includes(onDrainTimeout),
      message: `must be "report" or "end", got ${describeValue(onDrainTimeout)}`,
    },
  ];
}

/** Exactly one of both, and what is wrong with it. */
function sizeRules(path: string, size: unknown, autoscale: unknown): Rule[] {
  if (autoscale === undefined) {
    const isSize = typeof size === "number" && Number.isInteger(size) && size >= 0;
    const message = `must be a whole number, 0 or more, got ${describeValue(size)}`;
    return [{ path: `${path}.size`, when: !isSize, message }];
  }
  const both = `must be left out where autoscale says the sizes, got ${describeValue(size)}`;
  return [
    { path: `${path}.size`, when: size !== undefined, message: both },
    ...checkAutoscalePolicy(autoscale).map(({ path: at, message }) => ({
      path: `${path}.autoscale${at === "" ? "" : `.${at}`}`,
      when: true,
      message,
    })),
  ];
}

/** What an agent group is refused for. */
export function agentGroupRules(
  group: string,
  { size, autoscale, resources, flags = {}, ...spec }: AgentGroupSpec,
  authentication: boolean,
  tls: boolean,
): Rule[] {
  return [
    {
      path: `agents.${group}`,
      when: !/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(group),
      message: `a group's name must be 1 to 32 lower-case letters, digits and dashes, got ${describeValue(group)}`,
    },
    ...sizeRules(`agents.${group}`, size, autoscale),
    ...changeRules(`agents.${group}`, spec),
    ...(["cpus", "mem", "disk", "gpus"] as const).map((key) => ({
      path: `agents.${group}.resources.${key}`,
      when: !isAmount(resources?.[key] ?? optionalAmounts[key]),
      message: `must be a number, 0 or more, got ${describeValue(resources?.[key])}`,
    })),
    ...flagRules(`agents.${group}.flags`, flags, [
      ...reservedAgentFlags,
      ...(authentication ? closedAgentFlags : []),
      ...(tls ? secureAgentFlags : []),
    ]),
  ];
}
