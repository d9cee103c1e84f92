// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { ResourceLimits } from "./app";
import { Environment, Fetch, LinuxInfo } from "./app-container";
import { amount, count, flag, labels, literals, named, port, text } from "./app-fields";
import { PodCheck, PodCommand, PodHealthCheck } from "./pod-checks";
import { podName, podPath } from "./pod-fields";

const { Optional: optional } = Type;

const Resources = Type.Object(
  {
    cpus: optional(amount("Shares of a CPU. Defaults to 1.", 0.001)),
    mem: optional(amount("MiB. Defaults to 128.")),
    disk: optional(amount("MiB. Defaults to 0.")),
    gpus: optional(count("GPUs. Defaults to 0.")),
  },
  named("PodResources", "What a container requests."),
);

const Endpoint = Type.Object(
  {
    name: podName("Unique in the pod."),
    containerPort: optional(
      port("Port in the container; required on a container network, and not on the host network."),
    ),
    hostPort: optional(
      port("Port on the agent; 0 assigns one. Defaults to 0, and to none on a container network."),
    ),
    protocol: optional(
      Type.Array(podName("Such as tcp or udp."), {
        minItems: 1,
        description: "Protocols for service discovery, each once.",
      }),
    ),
    labels: optional(labels("Labels of the port.")),
    networkNames: optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: "Container networks that this endpoint is for. Defaults to all (Marathon 1.5).",
      }),
    ),
  },
  named("PodEndpoint", "A port of a container."),
);

const Image = Type.Object(
  {
    kind: literals(["DOCKER"], { description: "Kind of image: DOCKER." }),
    id: podPath("Name of the image."),
    pullConfig: optional(
      Type.Object(
        { secret: text("Name in the pod's secrets.") },
        named("DockerPullConfig", "Credentials of the image's registry; type MESOS only."),
      ),
    ),
    forcePull: optional(flag("Whether to pull an image that the agent has. Defaults to false.")),
    labels: optional(labels("Labels of the image.")),
  },
  named("PodImage", "The image of a container."),
);

const VolumeMount = Type.Object(
  {
    name: podName("Name of one of the pod's volumes."),
    mountPath: podPath("Path in the container, at most 1024 characters."),
    readOnly: optional(flag("Whether the container only reads it. Defaults to false.")),
  },
  named("PodVolumeMount", "Where a volume of the pod is in a container."),
);

/** One container of a pod (reference §1.9). */
export const PodContainer = Type.Object(
  {
    name: podName("Unique in the pod."),
    exec: optional(
      Type.Object(
        {
          command: PodCommand,
          overrideEntrypoint: optional(
            flag("Whether argv replaces the image's entry point instead of following it."),
          ),
        },
        named("PodExec", "What the container runs; without it the image decides."),
      ),
    ),
    resources: Resources,
    resourceLimits: optional(ResourceLimits),
    endpoints: optional(Type.Array(Endpoint, { description: "Ports of the container." })),
    image: optional(Image),
    environment: optional(Environment),
    user: optional(text("User that the container runs as. Defaults to the pod's.")),
    healthCheck: optional(PodHealthCheck),
    check: optional(PodCheck),
    volumeMounts: optional(Type.Array(VolumeMount)),
    artifacts: optional(Type.Array(Fetch, { description: "Files that the agent downloads." })),
    labels: optional(labels("Labels of the container.")),
    lifecycle: optional(
      Type.Object(
        { killGracePeriodSeconds: optional(amount("Seconds from SIGTERM to SIGKILL.")) },
        named("PodLifecycle", "How a container ends."),
      ),
    ),
    tty: optional(flag("Whether the container has a terminal (Marathon 1.5).")),
    linuxInfo: optional(LinuxInfo),
  },
  named("PodContainer", "One container of a pod."),
);
