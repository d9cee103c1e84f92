// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onInterrupt } from "./interrupt";
import { killAll, processesWith } from "./processes";
import { pluginDirectory, repository } from "./repository";
import { type Outcome, run } from "./run";

/** What a {@link TestStack} runs. */
export interface TestStackOptions {
  /** Directory of the program, or its JavaScript text. */
  readonly program: { readonly directory: string } | { readonly source: string };
  /** Of the stack. @default "dev" */
  readonly name?: string;
  readonly config?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Directory of the executable `pulumi-resource-mesos`. @default the repository's */
  readonly plugin?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** More plugins, each by the directory of its executable. @default those that the engine finds */
  readonly plugins?: Readonly<Record<string, string>>;
  /** Words before the engine's command, to run it elsewhere: in another network. @default none */
  readonly enter?: readonly string[];
}

/** A Pulumi project and stack in a directory of its own, run by the real engine against its own file backend. */
export class TestStack {
  readonly directory: string;
  /** Root of the supervisor's records of this stack. */
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
  readonly name: string;
  readonly project = "quickstart";
  readonly #enter: readonly string[];
  /** Nothing of it is left, because its last change was its destroy. */
  #destroyed = false;
  readonly #forget = onInterrupt(() => this.remove());

  private constructor(
    directory: string,
    env: NodeJS.ProcessEnv,
    { name = "dev", enter = [] }: Pick<TestStackOptions, "name" | "enter">,
  ) {
    this.directory = directory;
    this.name = name;
    this.env = env;
    this.#enter = enter;
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
    const stack = new TestStack(directory, env, options);
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
    const words = (flag: string, values: Readonly<Record<string, string>> = {}): string[] =>
      Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
    const config = [...words("--plaintext", options.config), ...words("--secret", options.secrets)];
    if (config.length > 0) await stack.ok("config", "set-all", ...config);
    return stack;
  }

  /** Runs the engine; fails unless it exits with 0. */
  async ok(...args: string[]): Promise<string> {
    const outcome = await this.pulumi(args);
    this.#destroyed ||= outcome.code === 0 && args[0] === "destroy";
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
    options: { started?: (child: { pid: number }) => void; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Outcome> {
    if (args[0] !== "stack" && args[0] !== "config") this.#destroyed = false;
    const [command = "", ...words] = [...this.#enter, "pulumi", ...args, "--non-interactive"];
    return run(
      command,
      [...words, ...(args[0] === "config" || args[0] === "stack" ? [] : ["--color=never"])],
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

  /** The state's resources with their inputs and outputs; `more` are options of the export. */
  async resources(
    ...more: string[]
  ): Promise<{ urn: string; type: string; id?: string; outputs: Record<string, unknown> }[]> {
    const exported = JSON.parse(await this.ok("stack", "export", ...more)) as {
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
    if (!this.#destroyed) {
      await this.pulumi(["cancel", "--yes"]);
      await this.pulumi(["destroy", "--yes", "--skip-preview"]);
    }
    await this.remove();
  }

  /** Ends whatever runs of it and removes its directory, without the engine. */
  async remove(): Promise<void> {
    this.#forget();
    killAll(this.processes());
    rmSync(this.directory, { recursive: true, force: true });
  }
}
