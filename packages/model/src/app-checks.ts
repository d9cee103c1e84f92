// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { closed, count, flag, literals, named, PortName, port, portIndex, text } from "./app-fields";

const whichPort = "Index in the app's ports; give this or port. Defaults to 0 when the app has ports.";
const path = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: "Path of the request, at most 1024 characters.",
});

/** How Marathon or Mesos sees that a task serves (reference §1.5). */
export const HealthCheck = Type.Object(
  {
    protocol: Type.Optional(
      literals(["HTTP", "HTTPS", "TCP", "COMMAND", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP"], {
        description:
          "Defaults to HTTP. HTTP, HTTPS and TCP are asked by Marathon's leader, the others on the agent.",
      }),
    ),
    path: Type.Optional(path),
    port: Type.Optional(port("Port number; give this or portIndex.")),
    portIndex: Type.Optional(portIndex(whichPort)),
    command: Type.Optional(
      Type.Object(
        { value: text("Shell command whose exit code 0 is success.") },
        named("HealthCheckCommand", "Command of a COMMAND check."),
      ),
    ),
    gracePeriodSeconds: Type.Optional(
      count("Seconds after the start in which failures do not count. Defaults to 300."),
    ),
    intervalSeconds: Type.Optional(count("Seconds between two checks. Defaults to 60.")),
    timeoutSeconds: Type.Optional(count("Seconds after which a check has failed. Defaults to 20.")),
    maxConsecutiveFailures: Type.Optional(
      count(
        "Failures in a row after which the task is killed; 0 never kills (MESOS_*: at once). Defaults to 3.",
      ),
    ),
    delaySeconds: Type.Optional(
      count("Seconds before the first check; MESOS_* and COMMAND only. Defaults to 15."),
    ),
    ignoreHttp1xx: Type.Optional(
      flag("Whether an answer 100 to 199 is ignored; HTTP and HTTPS only. Defaults to false."),
    ),
    ipProtocol: Type.Optional(
      literals(["IPv4", "IPv6"], {
        description: "Defaults to IPv4; IPv6 only for MESOS_* checks of Docker containers.",
      }),
    ),
  },
  named("HealthCheck", "How Marathon or Mesos sees that a task serves."),
);

/** A task is traffic-ready when this passes; asked during deployments only. */
export const ReadinessCheck = Type.Object(
  {
    name: Type.Optional(text("Defaults to readinessCheck.")),
    protocol: Type.Optional(literals(["HTTP", "HTTPS"], { description: "Defaults to HTTP." })),
    path: Type.Optional(path),
    portName: Type.Optional(PortName),
    intervalSeconds: Type.Optional(count("Seconds between two checks. Defaults to 30.")),
    timeoutSeconds: Type.Optional(
      count("Seconds after which a check has failed; below intervalSeconds. Defaults to 10."),
    ),
    httpStatusCodesForReady: Type.Optional(
      Type.Array(Type.Integer({ minimum: 100, maximum: 999 }), {
        minItems: 1,
        description: "Defaults to [200].",
      }),
    ),
    preserveLastResponse: Type.Optional(
      flag("Whether the last answer is kept for the API. Defaults to false."),
    ),
  },
  named(
    "ReadinessCheck",
    "A task is ready when this passes; asked during deployments only. portName defaults to http-api.",
  ),
);

const checkPort = Type.Optional(portIndex("Index in the app's ports."));

/** A Mesos check: it reports, and has no effect on deployments (Marathon 1.8). */
export const Check = Type.Object(
  {
    http: Type.Optional(
      Type.Object(
        {
          path: Type.Optional(path),
          portIndex: checkPort,
          scheme: Type.Optional(literals(["HTTP", "HTTPS"], { description: "Defaults to HTTP." })),
        },
        named("HttpCheck", "An HTTP request."),
      ),
    ),
    tcp: Type.Optional(Type.Object({ portIndex: checkPort }, named("TcpCheck", "A TCP connection."))),
    exec: Type.Optional(
      Type.Object(
        {
          command: Type.Object(
            {
              shell: Type.Optional(text("Command line for the shell; give this or argv.")),
              argv: Type.Optional(
                Type.Array(Type.String(), { minItems: 1, description: "Program and arguments." }),
              ),
            },
            named("CheckCommand", "Exactly one of shell and argv."),
          ),
        },
        named("ExecCheck", "A command in the task's container."),
      ),
    ),
    intervalSeconds: Type.Optional(count("Seconds between two checks. Defaults to 60.")),
    timeoutSeconds: Type.Optional(count("Seconds after which a check has failed. Defaults to 20.")),
    delaySeconds: Type.Optional(count("Seconds before the first check. Defaults to 15.")),
  },
  named("Check", "A Mesos check: exactly one of http, tcp and exec. It has no effect on deployments."),
);

/** What Marathon does with a task whose agent it cannot reach. */
export const UnreachableStrategy = Type.Union(
  [
    Type.Literal("disabled"),
    Type.Object(
      {
        inactiveAfterSeconds: Type.Optional(
          count("Seconds after which a replacement starts; at most expungeAfterSeconds. Defaults to 0."),
        ),
        expungeAfterSeconds: Type.Optional(
          count("Seconds after which the task is forgotten, and killed if it comes back. Defaults to 0."),
        ),
      },
      { ...closed, $id: "mesos:marathon:UnreachableStrategy" },
    ),
  ],
  {
    description:
      '"disabled" or times; defaults to both 0, and to "disabled" (then mandatory) with persistent volumes.',
  },
);
