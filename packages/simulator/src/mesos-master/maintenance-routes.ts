// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from "fastify";
import { principalOf } from "../http";
import { answer, jsonBody, type LeaderHandler, leaderRoute } from "./leader-routes";
import { maintenanceChanges, maintenanceReaders } from "./maintenance-calls";
import { refusedCall } from "./permissions";
import type { MasterView } from "./routes";

type Json = Record<string, unknown>;

/** `/maintenance/schedule`, `/maintenance/status`, `/machine/down` and `/machine/up` (docs/maintenance.md). */
export function addMaintenanceRoutes(server: FastifyInstance, view: MasterView): void {
  leaderRoute(server, view, "/maintenance/schedule", {
    GET: reads("GET_MAINTENANCE_SCHEDULE", "schedule"),
    POST: does("UPDATE_MAINTENANCE_SCHEDULE", (schedule) => ({ schedule })),
  });
  leaderRoute(server, view, "/maintenance/status", { GET: reads("GET_MAINTENANCE_STATUS", "status") });
  leaderRoute(server, view, "/machine/down", {
    POST: does("START_MAINTENANCE", (machines) => ({ machines })),
  });
  leaderRoute(server, view, "/machine/up", { POST: does("STOP_MAINTENANCE", (machines) => ({ machines })) });
}

/** The endpoints answer what a call of the operator API answers, without its envelope. */
function reads(type: string, field: string): LeaderHandler {
  return (leader, request) => maintenanceReaders[type]?.(leader, principalOf(request))[field];
}

function does(type: string, argsOf: (body: unknown) => Json): LeaderHandler {
  return async (leader, request, reply) => {
    const args = argsOf(jsonBody(request) ?? null);
    const denied = refusedCall(leader.context, type, args, principalOf(request));
    return await answer(reply, denied ?? (await maintenanceChanges[type]?.(leader, args)));
  };
}
