// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type Docker from "dockerode";
import type { Clock } from "../clock";
import type { TaskInfo } from "../protocol/types";
import { besideOf, type Forwarder, forwardPorts, type OwnContainer, outlived } from "./beside";
import type { ContainerLimits } from "./cgroup-version";
import { copyOutput, type OutputSizes, outputSizes } from "./container-output";
import { createOptions } from "./docker-create";
import type { Mount } from "./volumes";

/** A missing socket or a refused connection is known at once; a machine under load may take its time to answer. */
const answerMs = 30_000;
const pullSilenceMs = 2_000;
const rememberMs = 5 * 60_000;

export interface DockerOptions {
  /** `DOCKER_HOST`, or where the socket is. */
  readonly host: string | undefined;
  readonly socket: string;
  readonly clock: Clock;
  /** The agent's own address, on which ports are published. */
  readonly ip: string;
  /** Whether cpus are a hard limit also where a task sets none. */
  readonly enableCfs: boolean;
  /** The agent's own container, where it is in one: tasks are beside it. */
  readonly container?: string;
}

export interface DockerTask {
  readonly name: string;
  readonly info: TaskInfo;
  readonly env: Readonly<Record<string, string>>;
  readonly sandbox: string;
  readonly mappedSandbox: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly limits: ContainerLimits;
}

/** Docker tasks, through the dockerd of this machine; the client library is loaded when the first one comes. */
export class Dockerd {
  readonly #options: DockerOptions;
  /** Images that could not be pulled, and until when nobody tries again. */
  readonly #hopeless = new Map<string, { readonly until: number; readonly why: string }>();
  /** The output of containers that goes into their sandboxes, until all is there. */
  readonly #outputs = new Map<string, Promise<void>>();
  /** What takes connections for tasks beside the agent's container. */
  readonly #forwarders = new Map<string, Forwarder>();
  #client: Docker | undefined;

  constructor(options: DockerOptions) {
    this.#options = options;
  }

  /** Where dockerd is looked for. */
  get address(): string {
    return this.#options.host ?? `unix://${this.#options.socket}`;
  }

  /** Why an image cannot run here; undefined when dockerd answers and has it, after pulling where needed. */
  async prepare(image: string, force: boolean, signal: AbortSignal): Promise<string | undefined> {
    let docker: Docker;
    try {
      docker = await this.#connect(signal);
    } catch {
      signal.throwIfAborted();
      return `no dockerd answers at ${this.address}`; // the reason why it does not is of no use to the reader
    }
    if (!force && (await this.#has(docker, image))) return undefined;
    const known = this.#hopeless.get(image);
    if (known !== undefined && known.until > this.#options.clock.now()) return known.why;
    try {
      await this.#pull(docker, image, signal);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const why = `dockerd at ${this.address} does not have it and cannot pull it: ${messageOf(error)}`;
      this.#hopeless.set(image, { until: this.#options.clock.now() + rememberMs, why });
      return why;
    }
  }

  /** Creates and starts the container. */
  async run(task: DockerTask, signal: AbortSignal): Promise<{ ip: string | undefined }> {
    const docker = await this.#connect(signal);
    const before = outputSizes(task.sandbox);
    const own = await this.#own(docker);
    const options = { ...this.#options, ...(own === undefined ? {} : { own }) };
    const container = await docker.createContainer(createOptions(task, options));
    try {
      await container.start();
      await this.#copyOutput(docker, task.name, task.sandbox, before);
      const ip = addressIn((await container.inspect()).NetworkSettings);
      if (own !== undefined) await this.#forward(task.name, task.info, ip);
      return { ip };
    } catch (error) {
      await container.remove({ force: true, v: true }); // a container that nobody looks after would stay for ever
      throw error;
    }
  }

  /**
   * Output goes on into the sandbox after a restart of this program, with what came meanwhile; it may have ended before it knew the
   * container's address.
   * Throws when it ended before it had started the container, or when the container's network ended with the agent's.
   */
  async adopt(
    name: string,
    info: TaskInfo,
    sandbox: string,
    before: OutputSizes,
    signal: AbortSignal,
  ): Promise<{ ip: string | undefined }> {
    const docker = await this.#connect(signal);
    const found = await docker
      .getContainer(name)
      .inspect()
      .catch((error: unknown) => {
        if (isMissing(error)) throw new MesosError("MESOS_SIMULATOR_TASK", "the task's container is gone");
        throw error;
      });
    const own = await this.#own(docker);
    const why =
      found.State.Status === "created"
        ? "the agent's program ended while it started the task"
        : own && outlived(found, own);
    if (why !== undefined) {
      await this.remove(name);
      throw new MesosError("MESOS_SIMULATOR_TASK", why);
    }
    await this.#copyOutput(docker, name, sandbox, before);
    const ip = addressIn(found.NetworkSettings);
    if (own !== undefined && found.State.Running) await this.#forward(name, info, ip);
    return { ip };
  }

  /** The exit code once it has ended and its output is in the sandbox; undefined when there is no such container. */
  async wait(name: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      const docker = await this.#connect(signal);
      const { StatusCode } = (await docker.getContainer(name).wait({ abortSignal: signal })) as {
        StatusCode: number;
      };
      await this.#written(name, signal);
      return StatusCode;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    } finally {
      this.#forwarders.get(name)?.close();
      this.#forwarders.delete(name);
    }
  }

  /** The exit code of a command inside the container; the command goes on when the signal comes, as with `docker exec`. */
  async exec(
    name: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<number> {
    const docker = await this.#connect(signal);
    const exec = await docker.getContainer(name).exec({
      Cmd: [...argv],
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({});
    const ended = new Promise<void>((resolve, reject) => {
      stream.on("end", resolve);
      stream.on("close", resolve);
      stream.on("error", reject);
      stream.resume();
    });
    try {
      await Promise.race([ended, rejection(signal)]);
    } finally {
      stream.destroy();
    }
    const { ExitCode } = await exec.inspect();
    if (ExitCode === null) throw new MesosError("MESOS_SIMULATOR_DOCKER", "the command has no exit code");
    return ExitCode;
  }

  /** SIGTERM, or what the image says, then SIGKILL. Gone already is success. */
  async stop(name: string, graceMs: number): Promise<void> {
    // Whoever balances load goes elsewhere at once; what the task would refuse, it would see break off.
    this.#forwarders.get(name)?.refuse();
    const docker = await this.#connect();
    try {
      await docker.getContainer(name).stop({ t: Math.ceil(graceMs / 1000) });
    } catch (error) {
      if (!isMissing(error) && (error as { statusCode?: number }).statusCode !== 304) throw error;
    }
  }

  async remove(name: string): Promise<void> {
    const docker = await this.#connect();
    try {
      await docker.getContainer(name).remove({ force: true, v: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async #connect(signal = new AbortController().signal): Promise<Docker> {
    if (this.#client === undefined) {
      const { default: Client } = await import("dockerode");
      const { host, socket } = this.#options;
      this.#client = new Client(host === undefined ? { socketPath: socket } : addressOf(host));
    }
    const client = this.#client;
    const answered = new AbortController();
    const late = async (): Promise<never> => {
      await this.#options.clock.sleep(answerMs, AbortSignal.any([signal, answered.signal]));
      throw new MesosError("MESOS_SIMULATOR_DOCKER", `no answer within ${answerMs / 1000} s`, {
        retryable: true,
      });
    };
    try {
      await Promise.race([client.ping(), late()]);
    } finally {
      answered.abort(); // the timer must not outlive the question
    }
    return client;
  }

  /** The agent's own container, if it is in one: asked for each time, because dockerd may have given it another network. */
  async #own(docker: Docker): Promise<OwnContainer | undefined> {
    const { container, ip } = this.#options;
    return container === undefined ? undefined : besideOf(await docker.getContainer(container).inspect(), ip);
  }

  /** Ends with {@link wait}. */
  async #forward(name: string, info: TaskInfo, target: string | undefined): Promise<void> {
    if (target === undefined) return; // it has the agent's own network
    this.#forwarders.set(name, await forwardPorts(info, this.#options.ip, target));
  }

  async #has(docker: Docker, image: string): Promise<boolean> {
    try {
      await docker.getImage(image).inspect();
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #pull(docker: Docker, image: string, signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    const timer = this.#options.clock.after(pullSilenceMs, () =>
      silence.abort(
        new MesosError("MESOS_SIMULATOR_PULL", `nothing received within ${pullSilenceMs / 1000} s`),
      ),
    );
    const bounded = AbortSignal.any([signal, silence.signal]);
    try {
      const name = /[:@][^/]+$/.test(image) ? image : `${image}:latest`;
      const pulled = (async () => {
        const stream = await docker.pull(name, { abortSignal: bounded });
        await new Promise<void>((resolve, reject) => {
          docker.modem.followProgress(
            stream,
            (error) => (error ? reject(error) : resolve()),
            () => this.#options.clock.clear(timer),
          );
        });
      })();
      pulled.catch(() => undefined); // the race tells
      await Promise.race([pulled, rejection(bounded)]);
    } finally {
      this.#options.clock.clear(timer);
    }
  }

  async #copyOutput(docker: Docker, name: string, sandbox: string, before: OutputSizes): Promise<void> {
    const { ended } = await copyOutput(docker, name, sandbox, before);
    const output = ended.finally(() => this.#outputs.delete(name));
    this.#outputs.set(name, output);
  }

  /** When the output of a container that has ended is in its sandbox; a dockerd that does not end it is not waited for. */
  async #written(name: string, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const late = this.#options.clock.sleep(answerMs, AbortSignal.any([signal, done.signal]));
    try {
      await Promise.race([this.#outputs.get(name), late]);
    } finally {
      done.abort();
      late.catch(() => undefined); // aborted, because nobody waits any more
    }
  }
}

/** None on the host's network, or once it has ended. */
function addressIn({ Networks }: Docker.ContainerInspectInfo["NetworkSettings"]): string | undefined {
  const address = Object.values(Networks ?? {})[0]?.IPAddress;
  return address === "" ? undefined : address;
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

function addressOf(host: string): { socketPath: string } | { host: string; port: number } {
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  const url = new URL(host.replace(/^tcp:/, "http:"));
  return { host: url.hostname, port: Number(url.port || 2375) };
}
