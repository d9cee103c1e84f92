// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { AwsMachines } from "./aws-machines";
import { Bastion } from "./bastion";
import { type AwsCall, Moto } from "./moto";
import { repository } from "./repository";
import type { Outcome } from "./run";
import { TestStack, type TestStackOptions } from "./test-stack";

export const region = "eu-central-1";
export const secret = "a-secret-of-thirty-two-characters";
/** An image that moto knows. */
export const ami = "ami-12c6146b";

const example = { directory: path.join(repository, "examples/aws") };

/** Why `examples/aws` cannot run here; nothing where it can. */
export async function missing(): Promise<string | undefined> {
  if (process.env["TEST_MOTO_SERVER"] === undefined)
    return process.env["TEST_MOTO_MISSING"] ?? "only npm test starts moto";
  const listens = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(0, "10.0.0.1", () => server.close(() => resolve(true)));
  });
  return listens ? undefined : "programs can listen at private addresses only in a network of their own";
}

/**
 * A program with the plugin of the tests, a moto server and what stands in for the machines. The engine runs outside of their
 * network and gets in through a bastion, where this machine allows both.
 */
export class AwsStack {
  readonly moto: Moto;
  readonly stack: TestStack;
  readonly machines: AwsMachines;
  /** Or why there is none. */
  readonly bastion: Bastion | string;
  readonly #directory: string;

  private constructor(directory: string, moto: Moto, stack: TestStack, bastion: Bastion | string) {
    this.bastion = bastion;
    this.#directory = directory;
    this.moto = moto;
    this.stack = stack;
    this.machines = new AwsMachines(path.join(directory, "machines"), moto, region);
  }

  /** @param program by which stack, where it is not the example */
  static async create(program: TestStackOptions["program"] = example): Promise<AwsStack> {
    const bastion = await Bastion.create();
    const outside = typeof bastion === "string" ? undefined : bastion;
    const moto = await Moto.start(process.env["TEST_MOTO_SERVER"] ?? "", outside?.address);
    const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-aws-"));
    try {
      return new AwsStack(
        directory,
        moto,
        await stackOf(program, pluginIn(directory), moto.env, outside),
        bastion,
      );
    } catch (error) {
      await moto.close();
      await outside?.close();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Runs the engine to whatever end it comes, and answers what was asked of AWS meanwhile, too. */
  async run(...args: string[]): Promise<Outcome & { readonly calls: readonly AwsCall[] }> {
    return this.#run(args, this.stack.env);
  }

  /** The same where nothing has credentials. */
  async runWithoutCredentials(...args: string[]): ReturnType<AwsStack["run"]> {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE, ...env } = this.stack.env;
    const nowhere = {
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
    };
    return this.#run(args, { ...env, ...nowhere });
  }

  /** What the programs of all machines said last, for a failure. */
  logs(): string {
    const { directory } = this.machines;
    const found = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) =>
      /^i-\w+\/log$/.test(file),
    );
    return found
      .map((file) => `${file}\n${readFileSync(path.join(directory, file), "utf8").slice(-2000)}`)
      .join("\n");
  }

  async #run(args: readonly string[], env: NodeJS.ProcessEnv): ReturnType<AwsStack["run"]> {
    const before = this.moto.calls.length;
    const outcome = await this.stack.pulumi(args, { env });
    return { ...outcome, calls: this.moto.calls.slice(before) };
  }

  /** Ends everything without a destroy: what moto had goes with it. */
  async close(): Promise<void> {
    await this.machines.close();
    await this.moto.close();
    await this.stack.remove();
    if (typeof this.bastion !== "string") await this.bastion.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function stackOf(
  program: TestStackOptions["program"],
  aws: string,
  env: NodeJS.ProcessEnv,
  outside: Bastion | undefined,
): Promise<TestStack> {
  return TestStack.create({
    program,
    plugins: { aws },
    ...(outside !== undefined && { enter: outside.enter }),
    // No engine is killed here, and hundreds of resources write hundreds of checkpoints.
    env: { ...env, PULUMI_SKIP_CHECKPOINTS: "true" },
    config: {
      region,
      ami,
      registry: `123456789012.dkr.ecr.${region}.amazonaws.com`,
      administrators: '["10.8.0.0/24"]',
      ...(outside !== undefined && { access: outside.access() }),
      "pulumi:disable-default-providers": '["*"]',
    },
    secrets: { clusterSecret: secret },
  });
}

/** A directory with the plugin `aws` of the tests. */
function pluginIn(directory: string): string {
  const plugin = path.join(directory, "plugin");
  const program = path.join(__dirname, "../aws-plugin/main.js");
  mkdirSync(plugin);
  const text = `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`;
  writeFileSync(path.join(plugin, "pulumi-resource-aws"), text, { mode: 0o755 });
  return plugin;
}
