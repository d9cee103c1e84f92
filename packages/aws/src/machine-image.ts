// SPDX-License-Identifier: Apache-2.0
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "@pulumi-mesos/model";
import { InvalidArgsError } from "pulumi-mesos";
import type { MachineImage } from "./platform-args";

/** Where an image is looked for. */
export interface ImageQuestion {
  readonly region: string;
  readonly provider: pulumi.ProviderResource;
}

/**
 * The image's id, once EC2 has said at the preview that it is there and of the architecture that the program says: a machine of
 * another one is refused only when it is launched, in the middle of everything. One that is gone is taken while machines run from
 * it, which go on without it, and so is one of which EC2 says nothing.
 */
export function checkedAmi({ ami, architecture }: MachineImage, where: ImageQuestion): pulumi.Output<string> {
  return pulumi.output(ami).apply(async (id) => {
    const found = await architectureOfImage(id, where);
    if (found === undefined || found === architecture) return id;
    throw refusal(
      "image.architecture",
      `is ${JSON.stringify(architecture)}, but ${id} is ${found}; name an image of ${architecture}, or set it to what the image is and choose instance types of that`,
    );
  });
}

async function architectureOfImage(id: string, where: ImageQuestion): Promise<string | undefined> {
  const { region, provider } = where;
  try {
    const filters = [{ name: "image-id", values: [id] }];
    // An image stays the one that is named also once there are newer ones.
    const { architecture } = await ec2.getAmi({ filters, includeDeprecated: true }, { provider });
    return architecture;
  } catch (error) {
    const told = messageOf(error).replaceAll(/\s+/g, " ");
    if (told.includes("query returned no results") && !(await isInUse(id, where)))
      throw refusal(
        "image.ami",
        `must be an image in ${region} that this account may use, got ${id}, which EC2 does not know there`,
      );
    const message = `image.ami: EC2 does not tell of ${id} in ${region}, so that its architecture is not checked: ${told}`;
    await pulumi.log.warn(message, provider);
    return undefined;
  }
}

/** Whether machines run from an image; true where EC2 does not say. */
async function isInUse(id: string, { provider }: ImageQuestion): Promise<boolean> {
  try {
    const filters = [{ name: "image-id", values: [id] }];
    return (await ec2.getInstances({ filters }, { provider })).ids.length > 0;
  } catch {
    return true;
  }
}

function refusal(path: string, message: string): InvalidArgsError {
  return new InvalidArgsError(undefined, [{ path, message }]);
}
