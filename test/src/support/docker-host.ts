// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import { containerNetwork, type StackName, stackLabels } from "@pulumi-mesos/model";
import { repository } from "./repository";
import { type Outcome, run } from "./run";

/** Why tests of a dockerd, and of Docker's plugin, cannot run here; nothing when they can. */
export function whyNoDocker({ needsPlugin = true } = {}): string | undefined {
  const {
    TEST_DOCKER_SOCKET: socket,
    TEST_DOCKER_PLUGIN: plugin,
    TEST_DOCKER_MISSING: missing,
  } = process.env;
  if (missing !== undefined) return missing;
  const isThere = socket !== undefined && (plugin !== undefined || !needsPlugin);
  return isThere ? undefined : "only npm test starts a dockerd";
}

/** The Docker host of a test, which has the images of this project already, seen by the docker command. */
export class DockerHost {
  readonly socket: string;
  /** Directory of `pulumi-resource-docker`. */
  readonly plugin: string;
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    this.socket = process.env["TEST_DOCKER_SOCKET"] ?? "";
    this.plugin = process.env["TEST_DOCKER_PLUGIN"] ?? "";
    this.env = { DOCKER_HOST: `unix://${this.socket}` };
  }

  /** Answers what the docker command prints, in lines. */
  async docker(...args: string[]): Promise<string[]> {
    const command = process.env["TEST_DOCKER_COMMAND"] ?? "docker";
    const output = await this.#ok(run(command, args, { cwd: repository, env: this.#environment() }));
    return output.split("\n").filter((line) => line !== "");
  }

  /** Where commands are looked for, the docker command among them. */
  get path(): string {
    return `${path.dirname(process.env["TEST_DOCKER_COMMAND"] ?? "")}:${process.env["PATH"]}`;
  }

  /** Runs commands as somebody types them on the Docker host; each must succeed. */
  async shell(commands: string): Promise<void> {
    const env = { ...this.#environment(), PATH: this.path };
    await this.#ok(run("sh", ["-e", "-c", commands], { cwd: repository, env }));
  }

  /** Names of everything that carries a stack's labels or name: containers, networks and volumes. */
  async everythingOf(stack: StackName): Promise<string[]> {
    const filters = Object.entries(stackLabels(stack)).flatMap(([k, v]) => ["--filter", `label=${k}=${v}`]);
    const labelled = await Promise.all([
      this.docker("ps", "--all", "--format", "{{.Names}}", ...filters),
      this.docker("network", "ls", "--format", "{{.Name}}", ...filters),
      this.docker("volume", "ls", "--format", "{{.Name}}", ...filters),
    ]);
    const named = await Promise.all([
      this.docker("ps", "--all", "--format", "{{.Names}}"),
      this.docker("network", "ls", "--format", "{{.Name}}"),
      this.docker("volume", "ls", "--format", "{{.Name}}"),
    ]);
    const ours = named.flat().filter((name) => name.startsWith(containerNetwork(stack)));
    return [...new Set([...labelled.flat(), ...ours])].sort();
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.env };
  }

  async #ok(outcome: Promise<Outcome>): Promise<string> {
    const { code, output } = await outcome;
    if (code !== 0) throw new Error(`exited with ${code}:\n${output}`);
    return output;
  }
}

export const quickstart = path.join(repository, "examples/quickstart");
