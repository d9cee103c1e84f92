// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { inContainer, marathonCallbackPort, type Placeholders } from "@pulumi-mesos/model";
import { containers, InvalidArgsError, type NodeService } from "pulumi-mesos";
import { storeFiles } from "./node-files";
import type { MachineImage } from "./platform-args";
import { allowSecrets, type MachineRole } from "./roles";
import type { Surroundings } from "./surroundings";
import {
  type FittedUserData,
  fitUserData,
  type NodeFile,
  type NodeProgram,
  userData,
  userDataLimit,
} from "./user-data";

/** IMDSv2 alone, and one hop: no container that is not on the machine's own network takes its role. */
export const metadataOptions = {
  httpEndpoint: "enabled",
  httpTokens: "required",
  httpPutResponseHopLimit: 1,
} as const;

/** A program, and what a machine needs to run it. */
export interface MachineProgramArgs {
  readonly around: Surroundings;
  /** Of the member, or of the group where there are many. */
  readonly name: string;
  readonly service: NodeService;
  /** Its image with the registry that has it. */
  readonly program: containers.ContainerProgram;
  readonly image: MachineImage;
  readonly role: MachineRole;
  readonly values: Partial<Placeholders>;
  /** Its zone, or `{zone}` where it is known only once the machine boots. */
  readonly zone: string;
  readonly placedAtBoot?: boolean;
  readonly makesContainers?: boolean;
  /** Its auto-scaling group, where it is one of many. */
  readonly group?: string;
  readonly kmsKeyArn?: pulumi.Input<string>;
  readonly logGroup?: pulumi.Input<string>;
}

/** Where the controller of agent groups makes members. */
export function membersPlace({ region, stack }: Surroundings): string {
  return `aws:${region}/${stack.project}/${stack.stack}`;
}

/** What a machine is told and what it may, with the secrets that it fetches. */
export function machineProgram(
  args: MachineProgramArgs,
  volumeId: pulumi.Output<string> | undefined,
  options: pulumi.CustomResourceOptions,
): { readonly userData: pulumi.Output<FittedUserData>; readonly profile: pulumi.Output<string> } {
  const { around, name, service, program, kmsKeyArn, role, values } = args;
  const { stack, tags, region } = around;
  const store = { member: name, path: `/pulumi-mesos/${stack.project}/${stack.stack}`, kmsKeyArn, tags };
  const env = { ...callbackVariables(service), ...containers.containerEnvironment(program, service) };
  const { files, parameters } = storeFiles({ ...service, env }, values, store, options);
  const arns = parameters.map(({ arn }) => arn);
  const policies = allowSecrets(role, name, arns, { region, kmsKeyArn }, options);
  // Whoever takes the profile waits until the role may do what its machine asks for at its first start.
  const allowed = pulumi.all([role.profile.name, role.base.id, ...policies.map(({ id }) => id)]);
  return {
    userData: programData(args, files, volumeId),
    profile: allowed.apply(([profile = ""]) => profile),
  };
}

/** Masters call a Marathon back at a port that its security group has open. */
function callbackVariables({ software }: NodeService): Record<string, string> {
  if (software !== "marathon") return {};
  return { LIBPROCESS_IP: "{address}", LIBPROCESS_PORT: String(marathonCallbackPort) };
}

/** The fault domain of masters and agents, by which Mesos tells those of elsewhere; one that the program sets wins. */
function domainArguments({ around, service, zone }: MachineProgramArgs): string[] {
  const has = service.software === "mesos-master" || service.software === "mesos-agent";
  if (!has || service.args.some((one) => one.startsWith("--domain="))) return [];
  const domain = { fault_domain: { region: { name: around.region }, zone: { name: zone } } };
  return [`--domain=${JSON.stringify(domain)}`];
}

function programData(
  args: MachineProgramArgs,
  files: readonly pulumi.Input<NodeFile>[],
  volumeId: pulumi.Output<string> | undefined,
): pulumi.Output<FittedUserData> {
  const { around, name, service, program, image, values, group } = args;
  const words = [
    ...program.command,
    ...service.args.map((text) => inContainer(text, values)),
    ...domainArguments(args),
  ];
  return pulumi.all([pulumi.all([...files]), volumeId, args.logGroup]).apply(([texts, volume, logGroup]) => {
    const node: NodeProgram = {
      member: name,
      region: around.region,
      image: program.image,
      user: program.user,
      words,
      files: texts,
      placedAtBoot: args.placedAtBoot,
      makesContainers: args.makesContainers,
      group,
      volumeId: volume,
      stop: service.stop,
      packages: image.packages ?? ["docker"],
      logGroup,
    };
    const data = fitUserData(userData(node));
    if (!("bytes" in data)) return data;
    const message = `must fit into ${userDataLimit} bytes of user data, compressed, with all plain files of its program, got ${data.bytes}`;
    throw new InvalidArgsError(undefined, [{ path: name, message }]);
  });
}
