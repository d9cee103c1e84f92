// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { InvalidArgsError } from "pulumi-mesos";
import { record } from "pulumi-mesos/testing";
import { checkedAmi } from "./machine-image";
import { region } from "./recording.test.support";
import type { Surroundings } from "./surroundings";

describe("the image of machines", function () {
  // A bound against hanging: its first test loads everything.
  this.timeout(60_000);

  /** What becomes of an image of which EC2 says something. */
  async function checked(says: () => Record<string, unknown>): Promise<string | Error> {
    let made: Promise<string | Error> | undefined;
    await record(
      () => {
        const ami = checkedAmi({ ami: pulumi.output("ami-0123"), architecture: "x86_64" }, surroundings());
        made = promiseOf(ami).catch((error: Error) => error);
      },
      [],
      (type) => (type === "aws:ec2/getAmi:getAmi" ? says() : {}),
    );
    return made ?? assert.fail();
  }

  it("is taken where EC2 says the architecture that the program says", async () => {
    assert.equal(await checked(() => ({ architecture: "x86_64" })), "ami-0123");
  });

  it("fails in one line where EC2 says another", async () => {
    const error = await checked(() => ({ architecture: "arm64" }));
    assert.ok(error instanceof InvalidArgsError && error.hideStack);
    assert.match(
      error.message,
      /^image\.architecture: is "x86_64", but ami-0123 is arm64; name an image of x86_64, or set it to what the image is/,
    );
  });

  it("is taken where EC2 says nothing, so that what runs goes on without an image that is gone", async () => {
    assert.equal(await checked(() => ({})), "ami-0123");
    const gone = await checked(() => {
      throw new Error("Your query returned no results.\nPlease change your search criteria.");
    });
    assert.equal(gone, "ami-0123");
  });
});

function surroundings(): Surroundings {
  return {
    name: "platform",
    stack: { project: "project", stack: "stack" },
    region,
    home: new pulumi.ComponentResource("mesos:aws:Platform", "platform"),
    provider: new AwsProvider("platform-aws", { region }),
    tags: {},
  };
}

function promiseOf<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}
