// SPDX-License-Identifier: Apache-2.0
import type { BambooService } from "@pulumi-mesos/model";
import type { PlacedApp } from "../discovery/rotation";
import { addressOf } from "../routing/app-routes";
import { sorted } from "./go-json";

/** Bamboo's view of apps and rules, names and order as its `GET /api/state` has them. */
export function stateDocument(
  apps: Iterable<PlacedApp>,
  rules: ReadonlyMap<string, BambooService>,
): { Apps: object[]; Services: Record<string, object> } {
  const byId = [...apps].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { Apps: byId.map(appDocument), Services: servicesDocument(rules) };
}

/** Rules as `GET /api/services` has them. */
export function servicesDocument(rules: ReadonlyMap<string, BambooService>): Record<string, object> {
  return sorted(
    Object.fromEntries(
      [...rules].map(([id, rule]) => [id, { ...rule, Config: rule.Config && sorted(rule.Config) }]),
    ),
  );
}

function appDocument(app: PlacedApp): object {
  const segments = app.id.split("/");
  const http = app.healthChecks.find((check) => /^(MESOS_)?HTTPS?$/.test(check.protocol));
  return {
    Id: app.id,
    MesosDnsId: segments.filter(Boolean).reverse().join("-"),
    EscapedId: app.id.replaceAll("/", "::"),
    HealthCheckPath: http?.path ?? "",
    HealthCheckProtocol: http?.protocol ?? "",
    HealthChecks: app.healthChecks.map((check) => ({
      Protocol: check.protocol,
      Path: check.path ?? "",
      PortIndex: check.portIndex ?? 0,
    })),
    ReadinessCheckPath: app.readinessPath ?? "",
    Tasks: taskDocuments(app),
    ServicePort: app.servicePorts[0] ?? 0,
    ServicePorts: app.servicePorts,
    Env: sorted(app.env),
    Labels: sorted(app.labels),
    SplitId: segments,
    ipAddress: { discovery: { ports: app.discoveryPorts } },
  };
}

function taskDocuments(app: PlacedApp): object[] {
  return app.tasks
    .flatMap((task) => {
      const at = addressOf(app, task, 0);
      if (!at) return [];
      return {
        Id: task.id,
        Host: at.host,
        Port: at.port,
        Ports: task.ports,
        Alive: app.healthChecks.length === 0 || task.alive === true,
        State: task.state,
        Ready: task.place === "in",
      };
    })
    .sort((a, b) => (a.Id < b.Id ? -1 : a.Id > b.Id ? 1 : 0));
}
