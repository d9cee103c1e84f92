// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The repository's root; compiled files lie in `bench/dist/apps`. */
export const repository = path.resolve(__dirname, "../../..");

/** What one run of the engine cost. */
export interface Run {
  readonly seconds: number;
  /** The most memory that one of our plugins held. */
  readonly pluginMiB: number;
  /** The size of the state after it, which the engine writes as a whole before and after each step. */
  readonly stateKiB: number;
  /** What the engine said. */
  readonly output: string;
}

/** Folders that hold a plugin: ours, and the one of `noop-plugin.ts`. */
export const plugins = {
  own: path.join(repository, "node_modules/.bin"),
  noop: path.join(repository, "bench/noop"),
} as const;

const sampleMs = 100;

/** A Pulumi project with one stack on a file backend of its own. */
export class Engine {
  readonly #directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-bench-"));
  readonly #env: NodeJS.ProcessEnv;
  readonly #enter: readonly string[];

  private constructor(source: string, folders: Readonly<Record<string, string>>, enter: readonly string[]) {
    this.#enter = enter;
    const directory = this.#directory;
    mkdirSync(path.join(directory, "backend"));
    symlinkSync(path.join(repository, "node_modules"), path.join(directory, "node_modules"));
    const runtime = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
    const providers = Object.entries(folders).map(
      ([name, folder]) => `    - name: ${name}\n      path: ${folder}\n`,
    );
    writeFileSync(
      path.join(directory, "Pulumi.yaml"),
      `name: bench\n${runtime}plugins:\n  providers:\n${providers.join("")}`,
    );
    writeFileSync(path.join(directory, "package.json"), '{"name":"bench","main":"index.js"}');
    writeFileSync(path.join(directory, "index.js"), source);
    this.#env = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${directory}/backend`,
      PULUMI_HOME: path.join(directory, "home"),
      PULUMI_CONFIG_PASSPHRASE: "bench",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  /**
   * Makes the project whose program is `source`, with the plugins that lie in these folders; of one alone, ours.
   *
   * @param enter words before the engine's command, to run it elsewhere: in another network
   */
  static async create(
    source: string,
    folders: string | Readonly<Record<string, string>> = plugins.own,
    enter: readonly string[] = [],
  ): Promise<Engine> {
    const engine = new Engine(source, typeof folders === "string" ? { mesos: folders } : folders, enter);
    await engine.run(["stack", "init", "bench"]);
    return engine;
  }

  /** `pulumi up` without a preview. */
  up(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Run> {
    return this.run(["up", "--yes", "--skip-preview", ...args], env);
  }

  /** Runs the engine to its end; fails with its output unless it exits with 0. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
    return new Promise((resolve, reject) => {
      const began = performance.now();
      const [command = "", ...words] = [...this.#enter, "pulumi", ...args, "--non-interactive"];
      const child = spawn(command, words, {
        cwd: this.#directory,
        env: { ...this.#env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk.toString();
        });
      }
      let pluginMiB = 0;
      const sampling = setInterval(() => {
        pluginMiB = Math.max(pluginMiB, ...pluginsOf(child.pid).map(mostMemoryMiB));
      }, sampleMs);
      child.once("error", reject);
      child.once("close", (code) => {
        clearInterval(sampling);
        const seconds = (performance.now() - began) / 1000;
        if (code === 0) resolve({ seconds, pluginMiB, stateKiB: this.#stateKiB(), output });
        else reject(new Error(`pulumi ${args.join(" ")} exited with ${code}\n${output.slice(-4000)}`));
      });
    });
  }

  #stateKiB(): number {
    return statSync(path.join(this.#directory, "backend/.pulumi/stacks/bench/bench.json")).size / 1024;
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The engine's children that are our plugin. */
function pluginsOf(engine: number | undefined): number[] {
  const children = gone(() => readdirSync(`/proc/${engine}/task`), [])
    .flatMap((thread) => text(`/proc/${engine}/task/${thread}/children`).trim().split(" "))
    .filter((pid) => pid !== "");
  return children.map(Number).filter((pid) => text(`/proc/${pid}/cmdline`).includes("pulumi-resource-mesos"));
}

/** The peak of what a process has held in memory; 0 once it is gone. */
export function mostMemoryMiB(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(text(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

function text(file: string): string {
  return gone(() => readFileSync(file, "utf8"), "");
}

function gone<T>(read: () => T, instead: T): T {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return instead;
    throw error;
  }
}
