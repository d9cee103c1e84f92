// SPDX-License-Identifier: Apache-2.0
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import {
  containerPaths,
  environmentFile,
  fileInContainer,
  fileModeInContainer,
  inContainer,
  type Placeholders,
  startScript,
} from "@pulumi-mesos/model";
import { InvalidArgsError, type NodeService } from "pulumi-mesos";
import type { FileBucket } from "./file-bucket";
import type { NodeFile } from "./user-data";

/** A file of a member: plain text, or what may be secret. */
export interface MemberFile {
  readonly path: string;
  readonly mode: string;
  readonly content: pulumi.Input<string>;
  /** Given where the text stands for bytes. */
  readonly encoding?: "base64" | undefined;
}

/** A member's files, and where those are kept that may be secret. */
export interface StoredFiles {
  readonly files: readonly pulumi.Input<NodeFile>[];
  readonly parameters: readonly ssm.Parameter[];
}

export interface StoreArgs {
  readonly member: string;
  /** Begins the names of a stack's parameters: `/pulumi-mesos/project/stack`. */
  readonly path: string;
  readonly kmsKeyArn?: pulumi.Input<string>;
  readonly bucket: FileBucket;
  readonly tags: Readonly<Record<string, string>>;
}

/** Most bytes of a file that Parameter Store takes: 8 KiB (tier Advanced), in base64. */
const largestSecret = 6 * 1024;

/**
 * Keeps the files of a program for its machine. What its program gives as plain text stands in user data, which whoever may look at
 * the instance can read, or in a bucket where it is too large for them; everything else may be secret and goes by Parameter Store.
 *
 * @param large paths of the plain files that go into the bucket
 */
export function storeFiles(
  files: readonly MemberFile[],
  large: ReadonlySet<string>,
  args: StoreArgs,
  options: pulumi.CustomResourceOptions,
): StoredFiles {
  const parameters: ssm.Parameter[] = [];
  const stored = files.map((file): pulumi.Input<NodeFile> => {
    const { path, mode } = file;
    const content = plainText(file);
    if (content === undefined) {
      const parameter = storeSecret(file, args, options);
      parameters.push(parameter);
      return pulumi
        .all([parameter.name, parameter.version])
        .apply(([name, version]) => ({ path, mode, parameter: { name, version } }));
    }
    if (!large.has(path)) return { path, mode, content };
    return args.bucket
      .put(args.member, shortName(path), content, options)
      .apply((object) => ({ path, mode, object }));
  });
  return { files: stored, parameters };
}

/** The files as far as they are known before anything is made. */
export function draftFiles(files: readonly MemberFile[], args: StoreArgs): NodeFile[] {
  return files.map((file) => {
    const { path, mode } = file;
    const content = plainText(file);
    return content === undefined
      ? { path, mode, parameter: { name: parameterName(path, args), version: 1 } }
      : { path, mode, content };
  });
}

function plainText({ content, encoding }: MemberFile): string | undefined {
  return typeof content === "string" && encoding === undefined ? content : undefined;
}

/** The files of a program in its container. */
export function memberFiles(service: NodeService, values: Partial<Placeholders>): MemberFile[] {
  const lift = (text: pulumi.Input<string>): pulumi.Input<string> =>
    typeof text === "string"
      ? inContainer(text, values)
      : pulumi.output(text).apply((t) => inContainer(t, values));
  const env = Object.entries(service.env).map(([key, value]) => [key, lift(value)] as const);
  const isPlain = env.every(([, value]) => typeof value === "string");
  const environment = isPlain
    ? environmentFile(Object.fromEntries(env) as Record<string, string>)
    : pulumi.output(Object.fromEntries(env)).apply(environmentFile);
  return [
    { path: containerPaths.start, mode: "0500", content: startScript },
    { path: containerPaths.environment, mode: "0400", content: environment },
    ...service.files.map((file) => ({
      path: fileInContainer(file),
      mode: fileModeInContainer(file),
      content: file.encoding === undefined ? lift(file.content) : file.content,
      encoding: file.encoding,
    })),
  ];
}

function storeSecret(
  { path, content, encoding }: MemberFile,
  args: StoreArgs,
  options: pulumi.CustomResourceOptions,
): ssm.Parameter {
  const { member, kmsKeyArn, tags } = args;
  const own = `${member}-${shortName(path)}`;
  const value = pulumi.secret(content).apply((text) => {
    const bytes = Buffer.from(text, encoding ?? "utf8");
    if (bytes.length > largestSecret) {
      const message = `must have ${largestSecret} bytes or less, which is what Parameter Store takes, got ${bytes.length}`;
      throw new InvalidArgsError(undefined, [{ path: own, message }]);
    }
    return bytes.toString("base64");
  });
  return new ssm.Parameter(
    own,
    {
      name: parameterName(path, args),
      type: "SecureString",
      tier: "Intelligent-Tiering",
      ...(kmsKeyArn === undefined ? {} : { keyId: kmsKeyArn }),
      value,
      tags: { ...tags, Name: own },
    },
    options,
  );
}

function parameterName(path: string, { path: prefix, member }: StoreArgs): string {
  return `${prefix}/${member}/${shortName(path)}`;
}

/** `peers.conf` of `/etc/pulumi-mesos/peers.conf`. */
function shortName(path: string): string {
  return path.slice(1).replaceAll("/", "-").replace("etc-pulumi-mesos-", "").replace(/^\./, "");
}
