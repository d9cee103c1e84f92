// SPDX-License-Identifier: Apache-2.0
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { tlsOnlyText } from "./iam-policies";
import { bucketPrefix, objectKey, type StoredObject, sha256Of } from "./stored-object";
import { named, type Surroundings, shared } from "./surroundings";

/** The bucket, and what must be there before anything lies in it. */
interface ClosedBucket {
  readonly bucket: s3.Bucket;
  readonly closed: readonly pulumi.Resource[];
}

/**
 * Where plain files lie that are too large for user data: a bucket that nobody reads but the machines whose files they are, made
 * with the first of them. An object is named by its checksum, so that another content is another object, which is there before any
 * machine is told of it; the old one goes after them.
 */
export class FileBucket {
  readonly #around: Surroundings;
  readonly #kmsKeyArn: pulumi.Input<string> | undefined;
  #made: ClosedBucket | undefined;

  constructor(around: Surroundings, kmsKeyArn: pulumi.Input<string> | undefined) {
    this.#around = around;
    this.#kmsKeyArn = kmsKeyArn;
  }

  get arn(): pulumi.Output<string> {
    return this.#get().bucket.arn;
  }

  /** Puts one file of a member there. */
  put(
    member: string,
    file: string,
    content: string,
    options: pulumi.CustomResourceOptions,
  ): pulumi.Output<StoredObject> {
    const { bucket, closed } = this.#get();
    const sha256 = sha256Of(content);
    const object = new s3.BucketObjectv2(
      `${member}-${file}`,
      { bucket: bucket.bucket, key: objectKey(member, file, sha256), content },
      { ...options, dependsOn: [...closed] },
    );
    return pulumi.all([object.bucket, object.key]).apply(([where, key]) => ({ bucket: where, key, sha256 }));
  }

  #get(): ClosedBucket {
    this.#made ??= this.#make();
    return this.#made;
  }

  #make(): ClosedBucket {
    const around = this.#around;
    const own = `${around.name}-files`;
    const options = shared(around);
    const prefix = bucketPrefix(own);
    const bucket = new s3.Bucket(
      own,
      { ...(prefix === undefined ? {} : { bucketPrefix: prefix }), tags: named(around, own) },
      options,
    );
    const block = new s3.BucketPublicAccessBlock(
      own,
      {
        bucket: bucket.bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      options,
    );
    const key = this.#kmsKeyArn;
    const encryption = new s3.BucketServerSideEncryptionConfiguration(
      own,
      {
        bucket: bucket.bucket,
        rules: [
          {
            applyServerSideEncryptionByDefault:
              key === undefined
                ? { sseAlgorithm: "AES256" }
                : { sseAlgorithm: "aws:kms", kmsMasterKeyId: key },
            bucketKeyEnabled: key !== undefined,
          },
        ],
      },
      options,
    );
    const policy = new s3.BucketPolicy(
      own,
      { bucket: bucket.bucket, policy: bucket.arn.apply(tlsOnlyText) },
      // S3 changes one of both at a time.
      { ...options, dependsOn: [block] },
    );
    return { bucket, closed: [block, encryption, policy] };
  }
}
