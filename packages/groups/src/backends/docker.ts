// SPDX-License-Identifier: Apache-2.0
import { endDockerMember, isMissingInDocker, listDockerMembers } from "@pulumi-mesos/client";
import {
  containerName,
  containerPaths,
  MesosError,
  memberLabel,
  memberName,
  poolLabel,
  type StackName,
  stackLabels,
  templateLabel,
} from "@pulumi-mesos/model";
import { asksOverNetwork, attemptOverNetwork, describeProbe } from "@pulumi-mesos/supervisor";
import type Docker from "dockerode";
import type { Clock } from "../clock";
import { type Notice, readNotice } from "../notice";
import type { Member } from "../observed";
import { type Backend, indexOf, noticeFile, ofKind, withNotice } from "./backend";
import { archiveOf, readArchived } from "./docker-archive";
import { type MemberContainer, memberContainer } from "./docker-container";

const pollMs = 250;
const logLines = 15;
/** How often members are asked for notices: for each dockerd mounts a file system. */
const noticesMs = 2000;

/** Members as containers of the stack's network: `<pool>-<n>`, each with a volume of its own. */
export function dockerBackend(docker: Docker, stack: StackName, clock: Clock): Backend {
  const notices = new Notices(docker, stack, clock);
  return {
    kind: "docker",
    // Every address of the network but the last, which is for broadcasts.
    capacity: () => 254,
    async members(pool) {
      const members = await listDockerMembers(docker, stack, pool);
      const found = members.flatMap(({ name, running, labels }): Member[] => {
        const index = indexOf(pool, name);
        return index === undefined ? [] : [{ index, name, running, template: labels[templateLabel] }];
      });
      return await Promise.all(found.map(async (m) => withNotice(m, await notices.of(m.name))));
    },
    async start(pool, index, { template, backend }, signal) {
      const volume = await makeVolume(docker, stack, pool, memberName(pool, index));
      const container = memberContainer(stack, pool, index, template, ofKind(backend, "docker"), volume);
      const started = await startContainer(docker, container, signal);
      await untilReady(started, container, clock, signal);
    },
    async terminate(name, signal) {
      await endDockerMember(docker, stack, name, signal);
      notices.forget(name);
    },
  };
}

/** What somebody has put among the data of members about their end. */
class Notices {
  readonly #docker: Docker;
  readonly #stack: StackName;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly at: number; readonly notice: Notice | undefined }>();

  constructor(docker: Docker, stack: StackName, clock: Clock) {
    this.#docker = docker;
    this.#stack = stack;
    this.#clock = clock;
  }

  async of(name: string): Promise<Notice | undefined> {
    const known = this.#known.get(name);
    const now = this.#clock.now();
    if (known !== undefined && now - known.at < noticesMs) return known.notice;
    const container = this.#docker.getContainer(containerName(this.#stack, name));
    const file = await readArchived(container, `${containerPaths.data}/${noticeFile}`);
    const notice = file && readNotice(file.text, file.writtenAt);
    this.#known.set(name, { at: now, notice });
    return notice;
  }

  forget(name: string): void {
    this.#known.delete(name);
  }
}

/** Making one that exists already is success for dockerd. Answers where it lies on the Docker host. */
async function makeVolume(docker: Docker, stack: StackName, pool: string, member: string): Promise<string> {
  const name = containerName(stack, member);
  const labels = { ...stackLabels(stack), [memberLabel]: member, [poolLabel]: pool };
  await docker.createVolume({ Name: name, Labels: labels });
  return (await docker.getVolume(name).inspect()).Mountpoint;
}

/** Starts what is there when it is what is wanted, otherwise makes it anew; its data stays. */
async function startContainer(
  docker: Docker,
  wanted: MemberContainer,
  signal: AbortSignal,
): Promise<Docker.Container> {
  const existing = docker.getContainer(wanted.options.name);
  const found = await existing.inspect().catch((error: unknown) => {
    if (isMissingInDocker(error)) return undefined;
    throw error;
  });
  const template = wanted.options.Labels?.[templateLabel];
  // One that was only created may lack its files: whoever made it was killed in between.
  if (
    found !== undefined &&
    found.State.Status !== "created" &&
    found.Config.Labels[templateLabel] === template
  ) {
    if (!found.State.Running) await existing.start();
    return existing;
  }
  if (found !== undefined) await existing.remove({ force: true });
  signal.throwIfAborted();
  await pullIfMissing(docker, wanted.options.Image);
  const made = await docker.createContainer(wanted.options);
  await made.putArchive(await archiveOf(wanted.files), { path: "/" });
  await made.start();
  return made;
}

async function pullIfMissing(docker: Docker, image: string): Promise<void> {
  try {
    await docker.getImage(image).inspect();
  } catch (error) {
    if (!isMissingInDocker(error)) throw error;
    const stream = await docker.pull(image);
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (failure) => (failure ? reject(failure) : resolve()));
    });
  }
}

/**
 * Waits until the probe succeeds; when it does not, the last lines of the log say why. Probes from inside are Docker's own
 * health check alone: an agent counts only once it has registered.
 */
async function untilReady(
  started: Docker.Container,
  { ready, options }: MemberContainer,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (ready === undefined || !asksOverNetwork(ready)) return;
  const deadline = clock.now() + (ready.timeoutSeconds ?? 60) * 1000;
  for (;;) {
    signal.throwIfAborted();
    const reason = await attemptOverNetwork(ready);
    if (reason === undefined) return;
    if (clock.now() >= deadline) {
      const log = await started.logs({ stdout: true, stderr: true, tail: logLines });
      throw new MesosError(
        "MESOS_GROUPS_NOT_READY",
        `${options.name}: waited in vain for ${describeProbe(ready)}: ${reason}; the last lines of its log:\n${plainText(log)}`,
        { retryable: true },
      );
    }
    await clock.pause(pollMs, signal);
  }
}

/** Docker sets eight bytes before each piece of output: stream, three zeros, length. */
export function plainText(frames: Buffer): string {
  let text = "";
  for (let at = 0; at + 8 <= frames.length; ) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    text += frames.toString("utf8", at + 8, end);
    at = end;
  }
  return text.trimEnd();
}
