// SPDX-License-Identifier: Apache-2.0
import type { MesosCommand, Pod, PodCheck, PodContainer } from "../pod/types";
import { checkTimes, healthCheckTimes } from "./check-times";
import type { BoundEndpoint } from "./task-group";

type Json = Record<string, unknown>;

/** `TaskInfo.health_check` of a container: the agent runs it, from within the container's network. */
export function podHealthCheck(
  pod: Pod,
  { healthCheck: check }: PodContainer,
  endpoints: readonly BoundEndpoint[],
): Json | undefined {
  if (check === undefined) return undefined;
  const what = subject(pod, check, endpoints);
  if (what === undefined) return undefined;
  return {
    ...what,
    ...healthCheckTimes(check),
  };
}

/** `TaskInfo.check` of a container: what it finds decides nothing. */
export function podCheck(
  pod: Pod,
  { check }: PodContainer,
  endpoints: readonly BoundEndpoint[],
): Json | undefined {
  if (check === undefined) return undefined;
  const what = subject(pod, check, endpoints);
  if (what === undefined) return undefined;
  const { type, command, tcp, http } = what;
  return {
    type,
    // Unlike a health check's, its command is wrapped once more, and its HTTP knows no scheme.
    ...(command === undefined ? {} : { command: { command } }),
    ...(tcp === undefined ? {} : { tcp }),
    ...(http === undefined
      ? {}
      : { http: { port: http.port, ...(http.path === undefined ? {} : { path: http.path }) } }),
    ...checkTimes(check),
  };
}

interface Subject {
  readonly type: "COMMAND" | "TCP" | "HTTP";
  readonly command?: Json;
  readonly tcp?: { readonly port: number };
  readonly http?: { readonly scheme: string; readonly port: number; readonly path?: string };
}

function subject(
  pod: Pod,
  { http, tcp, exec }: PodCheck,
  endpoints: readonly BoundEndpoint[],
): Subject | undefined {
  if (exec !== undefined) return { type: "COMMAND", command: commandOf(exec.command) };
  const port = portOf(pod, endpoints, http?.endpoint ?? tcp?.endpoint);
  if (port === undefined) return undefined;
  if (http === undefined) return { type: "TCP", tcp: { port } };
  const scheme = (http.scheme ?? "HTTP").toLowerCase();
  return { type: "HTTP", http: { scheme, port, ...(http.path === undefined ? {} : { path: http.path }) } };
}

function commandOf(command: MesosCommand): Json {
  return "shell" in command
    ? { shell: true, value: command.shell }
    : { shell: false, value: command.argv[0], arguments: command.argv };
}

/** The host's port in host mode, else the container's; where that is 0 both are the same. */
function portOf(pod: Pod, endpoints: readonly BoundEndpoint[], name: string | undefined): number | undefined {
  const endpoint = endpoints.find((e) => e.name === name);
  const host = pod.networks.every((n) => n.mode === "host");
  const inside = endpoint?.containerPort;
  return host || inside === undefined || inside === 0 ? endpoint?.hostPort : inside;
}
