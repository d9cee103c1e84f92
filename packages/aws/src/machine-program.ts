// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { inContainer, marathonCallbackPort, type Placeholders } from "@pulumi-mesos/model";
import { containers, InvalidArgsError, type NodeService } from "pulumi-mesos";
import type { FileBucket } from "./file-bucket";
import { largeFiles } from "./large-files";
import { draftFiles, type MemberFile, memberFiles, type StoreArgs, storeFiles } from "./node-files";
import type { MachineImage } from "./platform-args";
import { allowFiles, allowSecrets, type MachineRole } from "./roles";
import { logGroupName, type Surroundings } from "./surroundings";
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
  /** For plain files that are too large for user data. */
  readonly bucket: FileBucket;
  readonly logGroup?: pulumi.Input<string>;
}

/** Where the controller of agent groups makes members. */
export function membersPlace({ region, stack }: Surroundings): string {
  return `aws:${region}/${stack.project}/${stack.stack}`;
}

/** What a machine is told and what it may, with the files that it fetches. */
export function machineProgram(
  args: MachineProgramArgs,
  volumeId: pulumi.Output<string> | undefined,
  options: pulumi.CustomResourceOptions,
): { readonly userData: pulumi.Output<FittedUserData>; readonly profile: pulumi.Output<string> } {
  const { around, name, service, program, kmsKeyArn, bucket, role, values } = args;
  const { stack, tags, region } = around;
  const path = `/pulumi-mesos/${stack.project}/${stack.stack}`;
  const store = { member: name, path, kmsKeyArn, bucket, tags };
  const env = { ...callbackVariables(service), ...containers.containerEnvironment(program, service) };
  const own = memberFiles({ ...service, env }, values);
  const large = largeOf(args, own, store, volumeId !== undefined);
  const { files, parameters } = storeFiles(own, large, store, options);
  const arns = parameters.map(({ arn }) => arn);
  const policies = [
    ...allowSecrets(role, name, arns, { region, kmsKeyArn }, options),
    ...allowFiles(role, name, large.size === 0 ? undefined : bucket.arn, { region, kmsKeyArn }, options),
  ];
  // Whoever takes the profile waits until the role may do what its machine asks for at its first start.
  const allowed = pulumi.all([role.profile.name, role.base.id, ...policies.map(({ id }) => id)]);
  return {
    userData: programData(args, files, volumeId),
    profile: allowed.apply(([profile = ""]) => profile),
  };
}

/** Which of its files go into the bucket, which is known before anything is made. */
function largeOf(
  args: MachineProgramArgs,
  files: readonly MemberFile[],
  store: StoreArgs,
  hasVolume: boolean,
): ReadonlySet<string> {
  const known = {
    volumeId: hasVolume ? "vol-0123456789abcdef0" : undefined,
    logGroup: args.logGroup === undefined ? undefined : logGroupName(args.around),
  };
  const large = largeFiles(nodeProgram(args, draftFiles(files, store), known));
  if (!("bytes" in large)) return large;
  const message = `must fit into ${userDataLimit} bytes of user data, compressed and without its files, got ${large.bytes}`;
  throw new InvalidArgsError(args.around.home, [{ path: args.name, message }]);
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
  return pulumi.all([pulumi.all([...files]), volumeId, args.logGroup]).apply(([texts, volume, logGroup]) => {
    const data = fitUserData(userData(nodeProgram(args, texts, { volumeId: volume, logGroup })));
    if (!("bytes" in data)) return data;
    const message = `must fit into ${userDataLimit} bytes of user data, compressed, got ${data.bytes}`;
    throw new InvalidArgsError(undefined, [{ path: args.name, message }]);
  });
}

function nodeProgram(
  args: MachineProgramArgs,
  files: readonly NodeFile[],
  { volumeId, logGroup }: Pick<NodeProgram, "volumeId" | "logGroup">,
): NodeProgram {
  const { around, name, service, program, image, values, group } = args;
  return {
    member: name,
    region: around.region,
    image: program.image,
    user: program.user,
    words: [
      ...program.command,
      ...service.args.map((text) => inContainer(text, values)),
      ...domainArguments(args),
    ],
    files,
    placedAtBoot: args.placedAtBoot,
    makesContainers: args.makesContainers,
    group,
    volumeId,
    stop: service.stop,
    packages: image.packages ?? ["docker"],
    aptMirror: image.aptMirror,
    logGroup,
  };
}
