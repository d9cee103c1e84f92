// SPDX-License-Identifier: Apache-2.0
import type { ResourceType, TagSpecification } from "@aws-sdk/client-ec2";

type Tags = Readonly<Record<string, string>>;

export function tagList(tags: Tags = {}): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags as EC2 takes them with what it makes. */
export function tagged(type: ResourceType, tags: Tags = {}): TagSpecification[] {
  return [{ ResourceType: type, Tags: tagList(tags) }];
}

/** Tags without those that AWS sets itself. */
export function tagsOf(list: readonly { Key?: string; Value?: string }[] = []): Tags {
  const own = list.filter(({ Key = "" }) => !Key.startsWith("aws:"));
  return Object.fromEntries(own.map(({ Key = "", Value = "" }) => [Key, Value]));
}
