// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { count, literals, named, text } from "./app-fields";
import { podName, podPath } from "./pod-fields";

const { Optional: optional } = Type;

/** A command line for the shell, or a program with its arguments. */
export const PodCommand = Type.Object(
  {
    shell: optional(text("Command line for the shell; give this or argv.")),
    argv: optional(Type.Array(Type.String(), { minItems: 1, description: "Program and arguments." })),
  },
  named("PodCommand", "Exactly one of shell and argv."),
);

const http = optional(
  Type.Object(
    {
      endpoint: podName("Name of one of the container's endpoints."),
      path: optional(podPath("Path of the request, at most 1024 characters.")),
      scheme: optional(literals(["HTTP", "HTTPS"], { description: "Defaults to HTTP." })),
    },
    named("PodHttpCheck", "An HTTP request."),
  ),
);
const tcp = optional(
  Type.Object(
    { endpoint: podName("Name of one of the container's endpoints.") },
    named("PodTcpCheck", "A TCP connection."),
  ),
);
const exec = optional(
  Type.Object({ command: PodCommand }, named("PodExecCheck", "A command in the container.")),
);

/** How Mesos sees that a container of a pod serves (reference §1.9). */
export const PodHealthCheck = Type.Object(
  {
    http,
    tcp,
    exec,
    gracePeriodSeconds: optional(
      count("Seconds after the start in which failures do not count. Defaults to 300."),
    ),
    intervalSeconds: optional(count("Seconds between two checks. Defaults to 60.")),
    maxConsecutiveFailures: optional(
      count("Failures in a row after which the instance is killed. Defaults to 3."),
    ),
    timeoutSeconds: optional(
      count("Seconds after which a check has failed; below intervalSeconds. Defaults to 20."),
    ),
    delaySeconds: optional(count("Seconds before the first check. Defaults to 15.")),
  },
  named("PodHealthCheck", "How Mesos sees that a container serves: exactly one of http, tcp and exec."),
);

/** A Mesos check of a container: it reports, and has no effect on deployments (Marathon 1.8). */
export const PodCheck = Type.Object(
  {
    http,
    tcp,
    exec,
    intervalSeconds: optional(count("Seconds between two checks. Defaults to 60.")),
    timeoutSeconds: optional(count("Seconds after which a check has failed. Defaults to 20.")),
    delaySeconds: optional(count("Seconds before the first check. Defaults to 15.")),
  },
  named(
    "PodCheck",
    "A Mesos check: exactly one of http, tcp and exec. It has no effect on deployments (Marathon 1.8).",
  ),
);
