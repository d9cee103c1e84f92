// SPDX-License-Identifier: Apache-2.0
import type { AppAnswer } from "./app-answers";

const times = {
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  timeoutSeconds: 20,
  maxConsecutiveFailures: 3,
  delaySeconds: 15,
};
const http = { ...times, protocol: "HTTP", portIndex: 0, ignoreHttp1xx: false, ipProtocol: "IPv4" };

/** `request` of one health check, and what it becomes. */
function check(
  title: string,
  request: Readonly<Record<string, unknown>>,
  answer: Readonly<Record<string, unknown>>,
  more: Partial<AppAnswer> = {},
): AppAnswer {
  return {
    title,
    source: "§1.5, §1.7.7",
    ...more,
    request: { ...more.request, healthChecks: [request] },
    answer: { healthChecks: [answer] },
  };
}

export const checkAnswers: readonly AppAnswer[] = [
  check("an empty check is HTTP on port index 0 with every default", {}, http),
  check("a path stays", { path: "/health" }, { ...http, path: "/health" }),
  check(
    "a port number keeps the index away",
    { port: 8080 },
    { ...times, protocol: "HTTP", port: 8080, ignoreHttp1xx: false, ipProtocol: "IPv4" },
  ),
  check("a port index stays", { portIndex: 1 }, { ...http, portIndex: 1 }, { request: { ports: [0, 0] } }),
  check("a delay of an HTTP check comes back as 15", { delaySeconds: 1 }, http),
  check(
    "a delay of an HTTPS check comes back as 15",
    { protocol: "HTTPS", delaySeconds: 1, ignoreHttp1xx: true },
    { ...http, protocol: "HTTPS", ignoreHttp1xx: true },
  ),
  check(
    "a TCP check drops path and delay and has no ignoreHttp1xx",
    { protocol: "TCP", path: "/", delaySeconds: 1 },
    { ...times, protocol: "TCP", portIndex: 0, ipProtocol: "IPv4" },
  ),
  check(
    "a MESOS_TCP check drops the path and keeps its delay",
    { protocol: "MESOS_TCP", path: "/", delaySeconds: 1 },
    { ...times, delaySeconds: 1, protocol: "MESOS_TCP", portIndex: 0, ipProtocol: "IPv4" },
  ),
  check(
    "a MESOS_HTTP check keeps path and delay and has no ignoreHttp1xx",
    { protocol: "MESOS_HTTP", path: "/", delaySeconds: 1 },
    { ...times, delaySeconds: 1, protocol: "MESOS_HTTP", path: "/", portIndex: 0, ipProtocol: "IPv4" },
  ),
  check(
    "IPv6 of a MESOS_HTTPS check stays",
    { protocol: "MESOS_HTTPS", ipProtocol: "IPv6" },
    { ...times, protocol: "MESOS_HTTPS", portIndex: 0, ipProtocol: "IPv6" },
    { request: { container: { docker: { image: "nginx" } } } },
  ),
  check(
    "a COMMAND check drops the port index",
    { protocol: "COMMAND", command: { value: "true" }, portIndex: 0 },
    { ...times, protocol: "COMMAND", command: { value: "true" }, ipProtocol: "IPv4" },
  ),
  check(
    "a check of an app without ports gets no index",
    { protocol: "MESOS_TCP" },
    { ...times, protocol: "MESOS_TCP", ipProtocol: "IPv4" },
    { request: { portDefinitions: [] } },
  ),
  check(
    "there is no IP protocol before 1.6",
    { path: "/" },
    { ...times, protocol: "HTTP", path: "/", portIndex: 0, ignoreHttp1xx: false },
    { server: { version: "1.5.15" }, source: "§7.1" },
  ),
  check(
    "times that are given stay",
    { gracePeriodSeconds: 5, intervalSeconds: 20, timeoutSeconds: 2, maxConsecutiveFailures: 0 },
    { ...http, gracePeriodSeconds: 5, intervalSeconds: 20, timeoutSeconds: 2, maxConsecutiveFailures: 0 },
  ),
  {
    title: "equal checks are one",
    source: "§1.7.8",
    request: { healthChecks: [{ path: "/" }, { protocol: "HTTP", path: "/", portIndex: 0 }] },
    answer: { healthChecks: [{ ...http, path: "/" }] },
  },
  {
    title: "a readiness check gets its defaults",
    source: "§1.5",
    request: { portDefinitions: [{ name: "http-api" }], readinessChecks: [{}] },
    answer: {
      readinessChecks: [
        {
          name: "readinessCheck",
          protocol: "HTTP",
          path: "/",
          portName: "http-api",
          intervalSeconds: 30,
          timeoutSeconds: 10,
          httpStatusCodesForReady: [200],
          preserveLastResponse: false,
        },
      ],
    },
  },
  {
    title: "a Mesos check by HTTP gets its defaults",
    source: "§1.2",
    request: { check: { http: { path: "/" } } },
    answer: {
      check: {
        http: { path: "/", scheme: "HTTP" },
        intervalSeconds: 60,
        timeoutSeconds: 20,
        delaySeconds: 15,
      },
    },
  },
  {
    title: "a Mesos check by command gets its defaults",
    source: "§1.2",
    request: { check: { exec: { command: { shell: "true" } }, delaySeconds: 1 } },
    answer: {
      check: {
        exec: { command: { shell: "true" } },
        intervalSeconds: 60,
        timeoutSeconds: 20,
        delaySeconds: 1,
      },
    },
  },
];
