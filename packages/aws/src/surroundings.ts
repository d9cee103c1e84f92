// SPDX-License-Identifier: Apache-2.0
import type * as pulumi from "@pulumi/pulumi";
import type { StackName } from "@pulumi-mesos/model";

/** What everything of a platform is made with. */
export interface Surroundings {
  /** Begins the names of what all members share. */
  readonly name: string;
  readonly stack: StackName;
  readonly region: string;
  /** Parent of what all members share. */
  readonly home: pulumi.ComponentResource;
  readonly provider: pulumi.ProviderResource;
  /**
   * Has what waits for nothing else wait until the image of the machines is checked, so that nothing is previewed, let alone made,
   * for one that is refused. What `home` is the parent of, and what follows that, waits by itself.
   */
  readonly checked: Pick<pulumi.CustomResourceOptions, "dependsOn">;
  readonly tags: Readonly<Record<string, string>>;
}

/** Tags with the name that the console shows. */
export function named({ tags }: Surroundings, name: string): Record<string, string> {
  return { ...tags, Name: name };
}

/** Options of what all members share. */
export function shared({ home, provider }: Surroundings): pulumi.CustomResourceOptions {
  return { parent: home, provider };
}

/** Name of the log group of a platform. */
export function logGroupName({ name, stack }: Surroundings): string {
  return `/pulumi-mesos/${stack.project}/${stack.stack}/${name}`;
}
