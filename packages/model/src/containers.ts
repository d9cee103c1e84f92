// SPDX-License-Identifier: Apache-2.0
import { type ConfigFile, expandPlaceholders, type Placeholders, type Probe } from "./service";

/** Whose containers, volumes and network something is. */
export interface StackName {
  readonly project: string;
  readonly stack: string;
}

/** Label with the name of the node or member that a container or volume belongs to. */
export const memberLabel = "pulumi-mesos.member";
/** Label with the digest of what a member was made of. */
export const templateLabel = "pulumi-mesos.template";
/** Label with the name of the pool that a member belongs to. */
/** What a machine of AWS has said about its end: as a `notice` file of other members. */
export const noticeLabel = "pulumi-mesos.notice";
/** Names of the hooks at which a machine of AWS waits: until its agent is ready, and until it is drained. */
export const machineHooks = { ready: "pulumi-mesos-ready", drained: "pulumi-mesos-drained" } as const;
export const poolLabel = "pulumi-mesos.pool";

/** Label with the name of the member whose task a container is. */
export const taskLabel = "pulumi-mesos.task-of";

/** The labels by which everything of a stack is found on a Docker host. */
export function stackLabels({ project, stack }: StackName): Readonly<Record<string, string>> {
  return { "pulumi-mesos.project": project, "pulumi-mesos.stack": stack };
}

/** The labels of a task's container beside its agent's, by those of the agent's own: whoever ends the member finds it. */
export function taskLabels(own: Readonly<Record<string, string>>): Record<string, string> {
  const { [memberLabel]: member } = own;
  if (member === undefined) return {};
  const ofStack = Object.keys(stackLabels({ project: "", stack: "" }));
  const kept = Object.entries(own).filter(([name]) => ofStack.includes(name));
  return { ...Object.fromEntries(kept), [taskLabel]: member };
}

/** The one network of a stack. */
export function containerNetwork({ project, stack }: StackName): string {
  return `${project}-${stack}`;
}

/** The container and the volume of a node or member: names are the whole Docker host's, so the stack's stands before it. */
export function containerName(stack: StackName, member: string): string {
  return `${containerNetwork(stack)}-${member}`;
}

/** Where dockerd answers, on its own machine and inside the container that makes members of pools. */
export const dockerSocket = "/var/run/docker.sock";

const conf = "/etc/pulumi-mesos";

/** Where files and data lie in a container. Names with a leading dot are no service's own. */
export const containerPaths = {
  conf,
  data: "/var/lib/pulumi-mesos",
  environment: `${conf}/.environment`,
  start: `${conf}/.start`,
} as const;

/** Entry point of every container; the program and its arguments follow. */
export const startCommand: readonly string[] = ["/bin/sh", containerPaths.start];

/** Gives the program its environment from a file: what stands in a container's own can be read by `docker inspect`. */
export const startScript = `set -a
. ${containerPaths.environment}
set +a
exec "$@"
`;

/** The file that {@link startScript} reads. */
export function environmentFile(env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'\n`);
  return `# Variables of the program.\n${lines.join("")}`;
}

/** The time over which a container's share of the processors is counted. */
export const cpuPeriodUs = 100_000;

/** Docker's own rotation of a container's output. */
export const containerLogOptions: Readonly<Record<string, string>> = { "max-size": "10m", "max-file": "3" };

/** A text of a service as it is inside a container; placeholders without a value stay. */
export function inContainer(text: string, values: Partial<Placeholders>): string {
  return expandPlaceholders(text, { ...values, conf: containerPaths.conf, data: containerPaths.data });
}

/** The absolute path of a service's file in its container. */
export function fileInContainer({ path }: Pick<ConfigFile, "path">): string {
  return path.startsWith("{data}/") ? inContainer(path, {}) : `${containerPaths.conf}/${path}`;
}

/** Permission bits of a service's file in its container, four octal digits: nobody writes what the next container has anew. */
export function fileModeInContainer({ mode = "400" }: Pick<ConfigFile, "mode">): string {
  return mode.padStart(4, "0");
}

/** How often Docker looks, how long it waits for an answer, and after how many failures a container is called unhealthy. */
export const healthPeriods = { interval: 30, timeout: 5, retries: 3 } as const;

/**
 * Docker's health check for a probe, whose placeholders are filled in already. It needs nothing but bash in the image.
 * A probe that reads the log has none: Docker cannot ask for it.
 */
export function healthTest(ready: Probe): readonly string[] | undefined {
  if (ready.command !== undefined) return ["CMD", ...ready.command];
  if (ready.tcp !== undefined) {
    const at = ready.tcp.lastIndexOf(":");
    return bash(`exec 3<>/dev/tcp/${ready.tcp.slice(0, at)}/${ready.tcp.slice(at + 1)}`);
  }
  if (ready.http === undefined) return undefined;
  const { hostname, port, host, pathname, search } = new URL(ready.http);
  const request = `GET ${pathname}${search} HTTP/1.0\\r\\nHost: ${host}\\r\\n\\r\\n`;
  return bash(
    [
      `exec 3<>/dev/tcp/${hostname}/${port || 80}`,
      `printf '${request.replaceAll("%", "%%").replaceAll("'", "%27")}' >&3`,
      "read -r _ status _ <&3",
      "[[ $status == [23]* ]]",
    ].join(" && "),
  );
}

function bash(script: string): readonly string[] {
  return ["CMD", "/bin/bash", "-c", script];
}
