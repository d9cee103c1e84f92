// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import readline from "node:readline";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { Surroundings } from "./cli";

/** What of a container's log is printed. */
export interface ContainerLogOptions {
  readonly follow?: boolean;
  readonly lines: string;
}

/** A container, and the Docker host that it is on where that is not the one of the environment. */
export interface ContainerPlace {
  readonly container: string;
  readonly host?: string;
}

/** Prints what a container wrote to stdout and stderr, by the docker command, which knows every way to a Docker host. */
export async function printContainer(
  node: string,
  { container, host }: ContainerPlace,
  { follow, lines }: ContainerLogOptions,
  around: Surroundings,
): Promise<void> {
  const at = host === undefined ? [] : ["--host", host];
  const quiet = (): void => {};
  // What docker itself says stands among the container's lines otherwise.
  const missing = await runDocker(
    [...at, "inspect", "--type", "container", "--format", ".", container],
    quiet,
    around,
  );
  const failed =
    missing ??
    (await runDocker(
      [...at, "logs", "--tail", lines, ...(follow === true ? ["--follow"] : []), container],
      around.out,
      around,
    ));
  if (failed === undefined || around.signal.aborted) return;
  throw new MesosError(
    "MESOS_CLI_NODE",
    `${node}: cannot read the log of container ${container}: ${failed}; set DOCKER_HOST to its Docker host, or run docker logs ${container} there`,
  );
}

/** Hands every line on; answers what went wrong, in the last words of docker. */
function runDocker(
  args: readonly string[],
  line: (text: string) => void,
  { environment, signal }: Surroundings,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("docker", args, { env: environment, signal, stdio: ["ignore", "pipe", "pipe"] });
    let last = "";
    for (const stream of [child.stdout, child.stderr])
      readline.createInterface({ input: stream }).on("line", (text) => {
        last = text;
        line(text);
      });
    child.once("error", (error) => {
      const isMissing = "code" in error && error.code === "ENOENT";
      resolve(isMissing ? "the program docker is not on PATH" : messageOf(error));
    });
    child.once("close", (code) => resolve(code === 0 ? undefined : last || `docker ended with ${code}`));
  });
}
