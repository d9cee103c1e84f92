// SPDX-License-Identifier: Apache-2.0
import { DescribeImagesCommand, DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import type * as ec2 from "@pulumi/aws/ec2";
import { type AnyFunction, functionType } from "../resource-type";

/** Exactly the functions that `examples/aws` calls, the second where its image is not to be found. */
export const functions: Readonly<Record<string, AnyFunction>> = {
  "aws:ec2/getAmi:getAmi": functionType<ec2.GetAmiArgs>()({
    service: "ec2",
    ask: ({ filters = [], includeDeprecated }) =>
      new DescribeImagesCommand({
        Filters: filters.map(({ name, values }) => ({ Name: name, Values: values })),
        IncludeDeprecated: includeDeprecated,
      }),
    answer: ({ Images = [] }) => {
      const [image, ...more] = Images;
      if (image === undefined || more.length > 0)
        throw new Error(`Your query returned ${image === undefined ? "no results" : "more than one result"}`);
      return { id: image.ImageId, imageId: image.ImageId, architecture: image.Architecture };
    },
  }),
  "aws:ec2/getInstances:getInstances": functionType<ec2.GetInstancesArgs>()({
    service: "ec2",
    ask: ({ filters = [] }) =>
      new DescribeInstancesCommand({
        Filters: [
          ...filters.map(({ name, values }) => ({ Name: name, Values: values })),
          { Name: "instance-state-name", Values: ["running"] },
        ],
      }),
    answer: ({ Reservations = [] }) => ({
      ids: Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId)),
    }),
  }),
};
