// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { flag, labels, literals, named, text } from "./app-fields";
import { PortMapping } from "./app-networks";

const megabytes = (description: string, minimum = 1) => Type.Integer({ minimum, description });

const Docker = Type.Object(
  {
    image: text("Name of the image."),
    forcePullImage: Type.Optional(flag("Whether to pull an image that the agent has. Defaults to false.")),
    privileged: Type.Optional(
      flag("Whether the container is privileged; type DOCKER only. Defaults to false."),
    ),
    parameters: Type.Optional(
      Type.Array(
        Type.Object(
          { key: text("Name of the option, such as hostname."), value: Type.String() },
          named("DockerParameter", "An option of docker run."),
        ),
        { description: "Options of docker run; type DOCKER only." },
      ),
    ),
    pullConfig: Type.Optional(
      Type.Object(
        { secret: text("Name in the app's secrets.") },
        named("DockerPullConfig", "Credentials of the image's registry; type MESOS only."),
      ),
    ),
    network: Type.Optional(
      literals(["BRIDGE", "HOST", "USER"], { description: "Deprecated: use networks of the app." }),
    ),
    portMappings: Type.Optional(
      Type.Array(PortMapping, { description: "Deprecated: use portMappings of the container." }),
    ),
  },
  {
    ...named("Docker", "The image of a container."),
    refused: { credential: "Marathon refuses it; use pullConfig" },
  },
);

const ExternalVolume = Type.Object(
  {
    name: Type.Optional(text("Name of the volume for its provider.")),
    provider: Type.Optional(text("dvdi or csi.")),
    size: Type.Optional(Type.Integer({ minimum: 0, description: "GiB." })),
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          "Options of the provider: strings for dvdi; pluginName, capability, nodeStageSecret, nodePublishSecret and volumeContext for csi.",
      }),
    ),
    shared: Type.Optional(flag("Whether several tasks may use it at once. Defaults to false.")),
  },
  named("ExternalVolume", "A volume of a volume driver."),
);

/** A reserved disk that a task keeps over restarts. */
export const PersistentVolume = Type.Object(
  {
    size: megabytes("MiB."),
    type: Type.Optional(
      literals(["root", "path", "mount"], { description: "Kind of disk. Defaults to root." }),
    ),
    maxSize: Type.Optional(megabytes("Largest disk to take, in MiB; type mount only.")),
    profileName: Type.Optional(text("Profile of the disk; type mount only.")),
    constraints: Type.Optional(
      Type.Array(Type.Array(Type.String(), { minItems: 3, maxItems: 3 }), {
        description: 'Which disks fit: ["path", "LIKE" or "UNLIKE", regular expression]; not for type root.',
      }),
    ),
  },
  named("PersistentVolume", "A reserved disk that a task keeps over restarts."),
);

/** A directory in the container: of the host, persistent, external or a secret. */
export const Volume = Type.Object(
  {
    containerPath: text("Path in the container; without a slash for a persistent volume."),
    hostPath: Type.Optional(text("Path on the agent.")),
    mode: Type.Optional(
      literals(["RO", "RW"], { description: "Required but for persistent (RW) and secret volumes." }),
    ),
    persistent: Type.Optional(PersistentVolume),
    external: Type.Optional(ExternalVolume),
    secret: Type.Optional(text("Name in the app's secrets.")),
  },
  named("Volume", "A directory in the container: exactly one of hostPath, persistent, external and secret."),
);

/** Isolation by the kernel. */
export const LinuxInfo = Type.Object(
  {
    seccomp: Type.Optional(
      Type.Object(
        {
          profileName: Type.Optional(text("File name of the profile on the agent.")),
          unconfined: Type.Optional(flag("Whether no profile applies. Defaults to false.")),
        },
        named("Seccomp", "Either a profile's name or unconfined."),
      ),
    ),
    ipcInfo: Type.Optional(
      Type.Object(
        {
          mode: literals(["PRIVATE", "SHARE_PARENT"]),
          shmSize: Type.Optional(megabytes("MiB of /dev/shm; mode PRIVATE only.", 0)),
        },
        named("IpcInfo", "Shared memory of the container."),
      ),
    ),
  },
  named("LinuxInfo", "Isolation by the kernel; type MESOS only."),
);

/** What a task runs in (reference §1.3). */
export const Container = Type.Object(
  {
    type: Type.Optional(
      literals(["DOCKER", "MESOS"], { description: "What runs the container. Defaults to DOCKER." }),
    ),
    docker: Type.Optional(Docker),
    volumes: Type.Optional(Type.Array(Volume)),
    portMappings: Type.Optional(
      Type.Array(PortMapping, {
        description:
          "Ports on a bridge or container network. Absent: one named default; an empty list: none. Dropped on the host network.",
      }),
    ),
    linuxInfo: Type.Optional(LinuxInfo),
  },
  {
    ...named("Container", "What a task runs in."),
    refused: { appc: "Marathon 1.9 and later has no AppC images; use docker" },
  },
);

/** Secrets by name and where their store has them. */
export const Secrets = Type.Record(
  Type.String(),
  Type.Object(
    { source: text("Where the secret store has it.") },
    named("SecretSource", "A secret's source."),
  ),
  { description: "Secrets that env, volumes and pullConfig may name (a DC/OS feature)." },
);

/** Variables of a task. */
export const Environment = Type.Record(
  Type.String(),
  Type.Union([
    Type.String(),
    Type.Object(
      { secret: text("Name in the app's secrets.") },
      named("SecretReference", "A value that the secret store has."),
    ),
  ]),
  { description: "Environment of a task: a string, or a secret's name.", sensitive: true },
);

/** A file that the agent downloads into the task's sandbox. */
export const Fetch = Type.Object(
  {
    uri: Type.String({ minLength: 1, maxLength: 1024, description: "Where it is." }),
    extract: Type.Optional(flag("Whether an archive is unpacked. Defaults to true.")),
    executable: Type.Optional(flag("Whether it becomes executable. Defaults to false.")),
    cache: Type.Optional(flag("Whether the agent keeps it. Defaults to false.")),
    destPath: Type.Optional(text("Path in the sandbox. Defaults to the URI's last part.")),
  },
  named("Fetch", "A file that the agent downloads into the task's sandbox."),
);

export const Labels = labels("Labels of the app.");
