// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { InvalidArgsError } from "pulumi-mesos";
import { record } from "pulumi-mesos/testing";
import { checkedAmi } from "./machine-image";
import { region } from "./recording.test.support";

describe("the image of machines", function () {
  // A bound against hanging: its first test loads everything.
  this.timeout(60_000);

  /** What becomes of an image of which EC2 says something, and of the machines that run from it. */
  async function checked(
    says: () => Record<string, unknown>,
    running: readonly string[] = [],
  ): Promise<string | Error> {
    let made: Promise<string | Error> | undefined;
    const answers: Readonly<Record<string, () => Record<string, unknown>>> = {
      "aws:ec2/getAmi:getAmi": says,
      "aws:ec2/getInstances:getInstances": () => ({ ids: running }),
    };
    await record(
      () => {
        const where = { region, provider: new AwsProvider("platform-aws", { region }) };
        const ami = checkedAmi({ ami: pulumi.output("ami-0123"), architecture: "x86_64" }, where);
        made = promiseOf(ami).catch((error: Error) => error);
      },
      [],
      (type) => answers[type]?.() ?? {},
    );
    return made ?? assert.fail();
  }
  /** As the engine tells what a provider says. */
  const failing = (details: string) => (): never => {
    throw Object.assign(new Error(details), { details });
  };
  const gone = failing("Your query returned no results.\nPlease change your search criteria.");

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

  it("fails in one line where there is no such image and nothing runs from it", async () => {
    const error = await checked(gone);
    assert.ok(error instanceof InvalidArgsError && error.hideStack);
    assert.match(
      error.message,
      /^image\.ami: must be an image in eu-central-1 that this account may use, got ami-0123, which EC2 does not know there$/,
    );
  });

  it("is taken while machines run from it, which go on without it", async () => {
    assert.equal(await checked(gone, ["i-1"]), "ami-0123");
  });

  it("is taken where EC2 says nothing of it", async () => {
    assert.equal(await checked(() => ({})), "ami-0123");
    const forbidden = failing("UnauthorizedOperation: not authorized to perform ec2:DescribeImages");
    assert.equal(await checked(forbidden), "ami-0123");
  });
});

function promiseOf<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}
