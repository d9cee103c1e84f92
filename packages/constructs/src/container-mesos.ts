// SPDX-License-Identifier: Apache-2.0
import { marathonCallbackPort, packageVersion } from "@pulumi-mesos/model";
import { type ContainerDistribution, simulator } from "./container-distribution";
import { InvalidArgsError } from "./invalid-args-error";

/** Draining an agent came with it. */
const oldest = [1, 9] as const;

/** The user's own images of Mesos and Marathon. */
export interface MesosImages {
  /** An image with `mesos-master`, `mesos-agent` and, for Docker tasks, the `docker` client. */
  readonly image: string;
  /** Version of Mesos in it. @default what the image's tag begins with */
  readonly version?: string;
  /** An image with Marathon, for example `mesosphere/marathon:v1.11.24`. */
  readonly marathon: string;
  /** The first words of Marathon's command line. @default ["/marathon/bin/marathon"] */
  readonly marathonCommand?: readonly string[];
}

/**
 * Apache Mesos from images of the user's own, 1.9 or later: groups drain the agents that leave, and older ones cannot.
 *
 * @example
 * new DockerPlatform({ distribution: apache({ image: "registry.example/mesos:1.11.0", marathon: "mesosphere/marathon:v1.11.24" }) });
 */
export function apache(images: MesosImages): ContainerDistribution {
  const { image } = images;
  const version = images.version ?? versionIn(image);
  if (version === undefined) {
    refuse(
      "version",
      `is missing, because the tag of ${JSON.stringify(image)} does not tell it; name it: apache({ version: "1.11.0", ... })`,
    );
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (!(major > oldest[0] || (major === oldest[0] && minor >= oldest[1]))) {
    refuse(
      "image",
      `must have Mesos ${oldest.join(".")} or later, because earlier agents cannot be drained, got ${JSON.stringify(image)} with ${version}`,
    );
  }
  return realMesos(images);
}

/**
 * ClusterD, the living fork of Mesos, from the image that `images/clusterd` makes of its package.
 *
 * @example
 * new DockerPlatform({ distribution: clusterd({ marathon: "mesosphere/marathon:v1.11.24" }) });
 */
export function clusterd(
  images: Omit<MesosImages, "image" | "version"> & { readonly image?: string },
): ContainerDistribution {
  return realMesos({ image: `pulumi-mesos/clusterd:${packageVersion}`, ...images });
}

/**
 * What differs from the simulator: images, and flags by variables, so that a flag of the program's own still wins. The arguments
 * stay the same; they take the place of the image's own, which may keep the registry in memory.
 */
function realMesos({
  image,
  marathon,
  marathonCommand = ["/marathon/bin/marathon"],
}: MesosImages): ContainerDistribution {
  return {
    ...simulator,
    "mesos-master": { image, command: ["mesos-master"], memoryMiB: 1024, cpus: 2 },
    "mesos-agent": {
      image,
      command: ["mesos-agent"],
      env: agentVariables,
      // Executors are containers, too, so that a restart of the agent finds them; with TLS they need the agent's key, which no
      // other container has.
      plainEnv: { MESOS_DOCKER_MESOS_IMAGE: image },
    },
    // Its image runs as nobody, who cannot read what only root may.
    marathon: {
      image: marathon,
      command: marathonCommand,
      env: marathonVariables,
      user: "root",
      memoryMiB: 2048,
      cpus: 2,
    },
  };
}

/** What an agent must know to live in a container beside others of the same dockerd (Mesos, docs/docker-containerizer.md). */
const agentVariables = {
  // Those of the other agents are no orphans.
  MESOS_DOCKER_KILL_ORPHANS: "false",
  // A container has no systemd, and its cgroups are read-only.
  MESOS_SYSTEMD_ENABLE_SUPPORT: "false",
  MESOS_LAUNCHER: "posix",
  MESOS_SWITCH_USER: "false",
  // The image is pulled meanwhile.
  MESOS_EXECUTOR_REGISTRATION_TIMEOUT: "10mins",
};

/** Masters call a scheduler back: at this address, and at a port that is known. */
const marathonVariables = { LIBPROCESS_IP: "{address}", LIBPROCESS_PORT: String(marathonCallbackPort) };

function refuse(path: string, message: string): never {
  throw new InvalidArgsError(undefined, [{ path, message }]);
}

function versionIn(image: string): string | undefined {
  return /:v?(\d+\.\d+(?:\.\d+)?)[^/]*$/.exec(image)?.[1];
}
