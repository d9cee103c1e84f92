// SPDX-License-Identifier: Apache-2.0
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { Route53Client } from "@aws-sdk/client-route-53";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Answer, Command } from "./resource-type";
import { S3ByCommand } from "./s3";

const makers = {
  autoScaling: AutoScalingClient,
  cloudWatch: CloudWatchClient,
  ec2: EC2Client,
  elb: ElasticLoadBalancingV2Client,
  iam: IAMClient,
  route53: Route53Client,
  s3: S3ByCommand,
  ssm: SSMClient,
};

/** A service of AWS that the plugin talks to. */
export type Service = keyof typeof makers;

/** Sends commands to the services of one region; endpoint and credentials are those of the environment. */
export class Clients {
  readonly #region: string;
  readonly #made = new Map<Service, { send(command: Command): Promise<object> }>();

  constructor(region: string) {
    this.#region = region;
  }

  async send<C extends Command>(service: Service, command: C): Promise<Answer<C>> {
    let client = this.#made.get(service);
    if (client === undefined) {
      client = new makers[service]({ region: this.#region }) as unknown as typeof client;
      this.#made.set(service, client as NonNullable<typeof client>);
    }
    return (await client?.send(command)) as Answer<C>;
  }
}

/** Whether the environment has credentials, as every client takes them. */
export async function hasCredentials(): Promise<boolean> {
  try {
    await new EC2Client({ region: "us-east-1" }).config.credentials();
    return true;
  } catch (error) {
    if ((error as Error).name === "CredentialsProviderError") return false;
    throw error;
  }
}

/** What AWS says of something that is not there (any more). */
export function isGone(error: unknown): boolean {
  const { name = "" } = error as { name?: string };
  return /NotFound|NoSuch|ParameterNotFound|NotAttached|\.Missing/.test(name);
}
