// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Command } from "./resource-type";

const execute = promisify(execFile);

/** AWS's own command, which stands beside moto; machines fetch their files with it. */
export function awsCommand(): string {
  return path.join(path.dirname(process.env["TEST_MOTO_SERVER"] ?? ""), "aws");
}

/** What `aws s3api` is told: `get-bucket-policy` with its parameters. */
export class S3Command<Output extends object = object> implements Command {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Says what it answers, for the compiler alone. */
  declare readonly resolveMiddleware: () => (request: never) => Promise<{ output: Output }>;

  constructor(operation: string, input: Readonly<Record<string, unknown>>) {
    this.operation = operation;
    this.input = input;
  }
}

/** Sends commands to S3 by AWS's own command, as the clients of the SDK do to the other services. */
export class S3ByCommand {
  readonly #region: string;

  constructor({ region }: { readonly region: string }) {
    this.#region = region;
  }

  async send({ operation, input }: S3Command): Promise<object> {
    const { Body, ...given } = input;
    const here = { CreateBucketConfiguration: { LocationConstraint: this.#region } };
    const parameters = operation === "create-bucket" ? { ...given, ...here } : given;
    const directory = await mkdtemp(path.join(tmpdir(), "s3-"));
    try {
      const body = path.join(directory, "body");
      if (Body !== undefined) await writeFile(body, String(Body));
      const { stdout } = await execute(awsCommand(), [
        ...["s3api", operation, "--region", this.#region, "--output", "json"],
        ...["--cli-input-json", JSON.stringify(parameters)],
        ...(Body === undefined ? [] : ["--body", body]),
      ]);
      return stdout.trim() === "" ? {} : (JSON.parse(stdout) as object);
    } catch (error) {
      throw refusalOf(error as Error & { readonly stderr?: string });
    } finally {
      await rm(directory, { recursive: true });
    }
  }
}

/** S3's own word, by its code as the SDK has it. */
function refusalOf(error: Error & { readonly stderr?: string }): Error {
  const [, code, message] = /An error occurred \((\w+)\)[^:]*: (.*)/.exec(error.stderr ?? "") ?? [];
  if (code === undefined) return error;
  return Object.assign(new Error(message), { name: code === "404" ? "NotFound" : code });
}
