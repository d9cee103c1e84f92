// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifyRequest } from "fastify";
import { principalOf } from "../http";
import { operate } from "./conversion-calls";
import { answer, leaderRoute } from "./leader-routes";
import { forbidden, mayOperate, refusedCall } from "./permissions";
import type { MasterView } from "./routes";
import type { CallRefusal } from "./scheduler-call";

type Json = Record<string, unknown>;
type Operation = Json & { readonly type: string };

/** Of the older endpoints, those that take a form. */
const operations: Readonly<
  Record<string, { readonly field: string; readonly of: (value: Json[]) => Operation }>
> = {
  "/reserve": { field: "resources", of: (resources) => ({ type: "RESERVE", reserve: { resources } }) },
  "/unreserve": {
    field: "resources",
    of: (resources) => ({ type: "UNRESERVE", unreserve: { resources } }),
  },
  "/create-volumes": { field: "volumes", of: (volumes) => ({ type: "CREATE", create: { volumes } }) },
  "/destroy-volumes": { field: "volumes", of: (volumes) => ({ type: "DESTROY", destroy: { volumes } }) },
};

const older =
  /^(?:\/master)?\/(?:reserve|unreserve|create-volumes|destroy-volumes|teardown|quota|weights|machine\/(?:up|down)|maintenance\/schedule)\/?$/;

/** Where curl's `-d` alone is what the documentation shows. */
export function takesForms(path: string): boolean {
  return older.test(path);
}

/** `/reserve`, `/unreserve`, `/create-volumes`, `/destroy-volumes` and `/teardown` (docs/endpoints). */
export function addFormRoutes(server: FastifyInstance, view: MasterView): void {
  for (const [path, { field, of }] of Object.entries(operations)) {
    leaderRoute(server, view, path, {
      POST: async (leader, request, reply) => {
        const form = formOf(request);
        const id = form.get("slaveId");
        if (id === null) return await answer(reply, missing("slaveId"));
        const text = form.get(field);
        if (text === null) return await answer(reply, missing(field));
        const list = listOf(text);
        if (list === undefined) {
          const message = `Error in parsing '${field}' query parameter in the request body: expected a JSON array`;
          return await answer(reply, { status: 400, message });
        }
        const principal = principalOf(request);
        const operation = of(list);
        if (!mayOperate(leader.context, operation, principal)) return await answer(reply, forbidden);
        return await answer(reply, operate(leader, id, operation, principal), 202);
      },
    });
  }
  leaderRoute(server, view, "/teardown", {
    POST: async (leader, request, reply) => {
      const id = formOf(request).get("frameworkId");
      if (id === null) return await answer(reply, missing("frameworkId"));
      const framework = leader.context.state.frameworks.get(id);
      if (framework === undefined) {
        return await answer(reply, { status: 400, message: "No framework found with specified ID" });
      }
      const args = { framework_id: { value: id } };
      const denied = refusedCall(leader.context, "TEARDOWN", args, principalOf(request));
      if (denied !== undefined) return await answer(reply, denied);
      leader.schedulers.teardown(framework);
      return await answer(reply, undefined);
    },
  });
}

function missing(field: string): CallRefusal {
  return { status: 400, message: `Missing '${field}' query parameter in the request body` };
}

function formOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
}

function listOf(text: string): Json[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as Json[]) : undefined;
  } catch {
    return undefined;
  }
}
