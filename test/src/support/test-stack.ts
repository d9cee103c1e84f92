// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { killAll, processesWith } from "./processes";
import { pluginDirectory, repository } from "./repository";
import { type Outcome, run } from "./run";

/** What a {@link TestStack} runs. */
export interface TestStackOptions {
  /** Directory of the program, or its JavaScript text. */
  readonly program: { readonly directory: string } | { readonly source: string };
  readonly config?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Directory of the executable `pulumi-resource-mesos`. @default the repository's */
  readonly plugin?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** More plugins, each by the directory of its executable. @default those that the engine finds */
  readonly plugins?: Readonly<Record<string, string>>;
}

/** A Pulumi project and stack in a directory of its own, run by the real engine against its own file backend. */
export class TestStack {
  readonly directory: string;
  /** Root of the supervisor's records of this stack. */
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
  readonly name = "dev";
  readonly project = "quickstart";

  private constructor(directory: string, env: NodeJS.ProcessEnv) {
    this.directory = directory;
    this.env = env;
    this.state = path.join(directory, "xdg", "pulumi-mesos", this.project, this.name);
  }

  static async create(options: TestStackOptions): Promise<TestStack> {
    const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-e2e-"));
    mkdirSync(path.join(directory, "backend"));
    mkdirSync(path.join(directory, "home"));
    const env = {
      ...process.env,
      // As `npm run up` does: a killed engine may leave the attributes torn, which then hide the whole stack.
      PULUMI_BACKEND_URL: `file://${directory}/backend?metadata=skip`,
      PULUMI_HOME: path.join(directory, "home"),
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      XDG_STATE_HOME: path.join(directory, "xdg"),
      ...options.env,
    };
    const stack = new TestStack(directory, env);
    let main = ".";
    let runtime = "nodejs";
    if ("directory" in options.program) {
      main = options.program.directory;
    } else {
      // Loading the compiler would take half a second of each run.
      runtime = "\n  name: nodejs\n  options:\n    typescript: false";
      writeFileSync(path.join(directory, "index.js"), options.program.source);
      symlinkSync(path.join(repository, "node_modules"), path.join(directory, "node_modules"));
      writeFileSync(path.join(directory, "package.json"), '{"name":"test","main":"index.js"}');
    }
    const plugins = { mesos: options.plugin ?? pluginDirectory, ...options.plugins };
    const providers = Object.entries(plugins).map(
      ([name, path]) => `    - name: ${name}\n      path: ${path}\n`,
    );
    writeFileSync(
      path.join(directory, "Pulumi.yaml"),
      `name: ${stack.project}\nruntime: ${runtime}\nmain: ${main}\nplugins:\n  providers:\n${providers.join("")}`,
    );
    await stack.ok("stack", "init", stack.name);
    for (const [key, value] of Object.entries(options.config ?? {}))
      await stack.ok("config", "set", key, value);
    for (const [key, value] of Object.entries(options.secrets ?? {}))
      await stack.ok("config", "set", "--secret", key, value);
    return stack;
  }

  /** Runs the engine; fails unless it exits with 0. */
  async ok(...args: string[]): Promise<string> {
    const outcome = await this.pulumi(args);
    if (outcome.code !== 0) {
      throw new Error(
        `pulumi ${args.join(" ")} exited with ${outcome.code ?? outcome.signal}:\n${outcome.output}`,
      );
    }
    return outcome.output;
  }

  /** Runs the engine to whatever end it comes. */
  pulumi(
    args: readonly string[],
    options: { started?: (child: { pid: number }) => void } = {},
  ): Promise<Outcome> {
    return run(
      "pulumi",
      [
        ...args,
        "--non-interactive",
        ...(args[0] === "config" || args[0] === "stack" ? [] : ["--color=never"]),
      ],
      {
        cwd: this.directory,
        env: this.env,
        timeoutMs: 600_000,
        ...options,
      },
    );
  }

  up(...args: string[]): Promise<string> {
    return this.ok("up", "--yes", "--skip-preview", ...args);
  }

  /** `up` that must change nothing. */
  async unchanged(): Promise<void> {
    await this.ok("up", "--yes", "--skip-preview", "--expect-no-changes");
  }

  async outputs(): Promise<Record<string, string>> {
    return JSON.parse(await this.ok("stack", "output", "--json")) as Record<string, string>;
  }

  /** The state's resources with their inputs and outputs. */
  async resources(): Promise<{ urn: string; type: string; id?: string; outputs: Record<string, unknown> }[]> {
    const exported = JSON.parse(await this.ok("stack", "export")) as {
      deployment: {
        resources?: { urn: string; type: string; id?: string; outputs: Record<string, unknown> }[];
      };
    };
    return exported.deployment.resources ?? [];
  }

  /** Every process that carries this stack's mark or names its directories. */
  processes(): ReturnType<typeof processesWith> {
    return processesWith(this.directory);
  }

  /** Destroys the stack, ends whatever is left of it and removes its directory; never fails on what is gone. */
  async close(): Promise<void> {
    await this.pulumi(["cancel", "--yes"]);
    await this.pulumi(["destroy", "--yes", "--skip-preview"]);
    killAll(this.processes());
    rmSync(this.directory, { recursive: true, force: true });
  }
}
