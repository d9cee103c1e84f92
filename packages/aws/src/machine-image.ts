// SPDX-License-Identifier: Apache-2.0
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "@pulumi-mesos/model";
import { InvalidArgsError } from "pulumi-mesos";
import type { MachineImage } from "./platform-args";
import { type Surroundings, shared } from "./surroundings";

/**
 * The image's id, once EC2 has said at the preview that it is of the architecture that the program says: a machine of another one
 * is refused only when it is launched, in the middle of everything. One of which EC2 says nothing is taken as it is: what runs
 * already goes on without its image.
 */
export function checkedAmi({ ami, architecture }: MachineImage, around: Surroundings): pulumi.Output<string> {
  return pulumi.output(ami).apply(async (id) => {
    const found = await architectureOfImage(id, around);
    if (found === undefined || found === architecture) return id;
    const message = `is ${JSON.stringify(architecture)}, but ${id} is ${found}; name an image of ${architecture}, or set it to what the image is and choose instance types of that`;
    throw new InvalidArgsError(around.home, [{ path: "image.architecture", message }]);
  });
}

async function architectureOfImage(id: string, around: Surroundings): Promise<string | undefined> {
  try {
    const filters = [{ name: "image-id", values: [id] }];
    // An image stays the one that is named also once there are newer ones.
    const { architecture } = await ec2.getAmi({ filters, includeDeprecated: true }, shared(around));
    return architecture;
  } catch (error) {
    const told = messageOf(error).replaceAll(/\s+/g, " ");
    const message = `image.ami: EC2 does not tell of ${id} in ${around.region}, so that its architecture is not checked: ${told}`;
    await pulumi.log.warn(message, around.home);
    return undefined;
  }
}
