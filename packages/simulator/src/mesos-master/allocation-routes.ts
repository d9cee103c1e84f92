// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from "fastify";
import { principalOf } from "../http";
import { answer, jsonBody, leaderRoute } from "./leader-routes";
import { refusedCall } from "./permissions";
import { type QuotaRequest, quotaStatus, removeQuota, setQuota } from "./quota";
import { rolesJson } from "./roles-json";
import type { MasterView } from "./routes";
import { updateWeights, type WeightInfo, weightsOf } from "./weights";

/** `/roles`, `/quota` and `/weights` (docs/roles.md, docs/quota.md, docs/weights.md). */
export function addAllocationRoutes(server: FastifyInstance, view: MasterView): void {
  leaderRoute(server, view, "/roles", {
    GET: ({ context }, request) => rolesJson(context, principalOf(request)),
    POST: ({ context }, request) => rolesJson(context, principalOf(request)),
  });
  leaderRoute(server, view, "/weights", {
    GET: ({ context }) => weightsOf(context),
    PUT: async ({ context }, request, reply) => {
      const body = jsonBody(request);
      if (!Array.isArray(body)) {
        const message = `Failed to parse update weights request JSON ('${textOf(body)}'): expected an array`;
        return await answer(reply, { status: 400, message });
      }
      const denied = refusedCall(context, "UPDATE_WEIGHTS", { weight_infos: body }, principalOf(request));
      return await answer(reply, denied ?? (await updateWeights(context, body as readonly WeightInfo[])));
    },
  });
  leaderRoute(server, view, "/quota", {
    GET: ({ context }, request) => quotaStatus(context, principalOf(request)),
    POST: async ({ context }, request, reply) => {
      const body = jsonBody(request);
      if (typeof body !== "object" || body === null || Array.isArray(body)) {
        const message = `Failed to parse set quota request JSON '${textOf(body)}': expected an object`;
        return await answer(reply, { status: 400, message });
      }
      const denied = refusedCall(context, "SET_QUOTA", { quota_request: body }, principalOf(request));
      return await answer(reply, denied ?? (await setQuota(context, body as QuotaRequest)));
    },
    DELETE: async (_leader, _request, reply) =>
      await answer(reply, {
        status: 400,
        message:
          "Failed to parse request path '/master/quota': 3 tokens ('master', 'quota', 'role') required, found 2 token(s)",
      }),
  });
  leaderRoute(server, view, "/quota/*", {
    DELETE: async ({ context }, request, reply) => {
      const { "*": role = "" } = request.params as { "*"?: string };
      const denied = refusedCall(context, "REMOVE_QUOTA", { role }, principalOf(request));
      return await answer(
        reply,
        denied ?? (await removeQuota(context, role, `path '/master/quota/${role}'`)),
      );
    },
  });
}

function textOf(body: unknown): string {
  return body === undefined ? "" : JSON.stringify(body);
}
