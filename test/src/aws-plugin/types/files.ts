// SPDX-License-Identifier: Apache-2.0
import type * as s3 from "@pulumi/aws/s3";
import { type AnyType, type } from "../resource-type";
import { S3Command } from "../s3";
import { tagList } from "../tags";

const service = "s3";

/** Where files lie that are too large for user data, which `examples/aws` has none of. */
export const files: Readonly<Record<string, AnyType>> = {
  "aws:s3/bucket:Bucket": type<s3.BucketArgs>()({
    service,
    named: true,
    make: (_inputs, name) => new S3Command("create-bucket", { Bucket: name }),
    id: (_made, inputs) => (inputs as { readonly name?: string }).name,
    finish: ({ tags }, Bucket) => [
      new S3Command("put-bucket-tagging", { Bucket, Tagging: { TagSet: tagList(tags as Tags) } }),
    ],
    look: (Bucket) => new S3Command("head-bucket", { Bucket }),
    see: (_looked, id) => ({ bucket: id, arn: `arn:aws:s3:::${id}` }),
    unmake: (Bucket) => [new S3Command("delete-bucket", { Bucket })],
  }),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": type<s3.BucketPublicAccessBlockArgs>()({
    service,
    make: ({ bucket, blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets }) =>
      new S3Command("put-public-access-block", {
        Bucket: bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: blockPublicAcls,
          BlockPublicPolicy: blockPublicPolicy,
          IgnorePublicAcls: ignorePublicAcls,
          RestrictPublicBuckets: restrictPublicBuckets,
        },
      }),
    id: (_made, { bucket }) => bucket,
    look: (Bucket) =>
      new S3Command<{ PublicAccessBlockConfiguration?: Record<string, boolean> }>("get-public-access-block", {
        Bucket,
      }),
    see: ({ PublicAccessBlockConfiguration: seen = {} }) => ({
      blockPublicAcls: seen["BlockPublicAcls"],
      blockPublicPolicy: seen["BlockPublicPolicy"],
      ignorePublicAcls: seen["IgnorePublicAcls"],
      restrictPublicBuckets: seen["RestrictPublicBuckets"],
    }),
    unmake: (Bucket) => [new S3Command("delete-public-access-block", { Bucket })],
  }),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration":
    type<s3.BucketServerSideEncryptionConfigurationArgs>()({
      service,
      make: ({ bucket, rules }) =>
        new S3Command("put-bucket-encryption", {
          Bucket: bucket,
          ServerSideEncryptionConfiguration: {
            Rules: rules.map(({ applyServerSideEncryptionByDefault: how, bucketKeyEnabled }) => ({
              ApplyServerSideEncryptionByDefault: { SSEAlgorithm: how?.sseAlgorithm },
              BucketKeyEnabled: bucketKeyEnabled,
            })),
          },
        }),
      id: (_made, { bucket }) => bucket,
      look: (Bucket) => new S3Command("get-bucket-encryption", { Bucket }),
      see: () => ({}),
      unmake: (Bucket) => [new S3Command("delete-bucket-encryption", { Bucket })],
    }),
  "aws:s3/bucketPolicy:BucketPolicy": type<s3.BucketPolicyArgs>()({
    service,
    make: ({ bucket, policy }) => new S3Command("put-bucket-policy", { Bucket: bucket, Policy: policy }),
    id: (_made, { bucket }) => bucket,
    look: (Bucket) => new S3Command<{ Policy?: string }>("get-bucket-policy", { Bucket }),
    see: ({ Policy }) => ({ policy: Policy }),
    unmake: (Bucket) => [new S3Command("delete-bucket-policy", { Bucket })],
  }),
  "aws:s3/bucketObjectv2:BucketObjectv2": type<s3.BucketObjectv2Args>()({
    service,
    make: ({ bucket, key, content }) =>
      new S3Command("put-object", { Bucket: bucket, Key: key, Body: content }),
    id: (_made, { key }) => key,
    look: (_id, { bucket, key }) => new S3Command("head-object", { Bucket: bucket, Key: key }),
    // S3 tells what is in it only to who fetches it.
    see: () => ({}),
    unmake: (_id, { bucket, key }) => [new S3Command("delete-object", { Bucket: bucket, Key: key })],
  }),
};

type Tags = Readonly<Record<string, string>>;
