// SPDX-License-Identifier: Apache-2.0
import { type Context, rescind } from "./context";
import { hasRole, invalidRole, isWhitelisted } from "./roles";
import type { CallRefusal } from "./scheduler-call";

export interface WeightInfo {
  readonly role: string;
  readonly weight: number;
}

export function weightsOf(context: Context): WeightInfo[] {
  return Object.entries(context.registrar.registry.weights ?? {}).map(([role, weight]) => ({ role, weight }));
}

/** Sets weights of roles and begins to offer anew when somebody has such a role (docs/weights.md). */
export async function updateWeights(
  context: Context,
  infos: readonly WeightInfo[],
): Promise<CallRefusal | undefined> {
  const failed = "Failed to validate update weights request JSON";
  const all = infos.map((info) => ({ role: String(info.role ?? "").trim(), weight: info.weight }));
  for (const { role, weight } of all) {
    const wrong = invalidRole(role);
    if (wrong !== undefined) return { status: 400, message: `${failed}: Invalid role '${role}': ${wrong}` };
    if (!isWhitelisted(context.flags, role))
      return { status: 400, message: `${failed}: Unknown role '${role}'` };
    if (!(weight > 0)) {
      return {
        status: 400,
        message: `${failed} for role '${role}': Invalid weight '${weight}': Weights must be positive`,
      };
    }
  }
  const changes = Object.fromEntries(all.map(({ role, weight }) => [role, weight]));
  await context.registrar.apply((r) => ({ ...r, weights: { ...r.weights, ...changes } }));
  const { frameworks, offers } = context.state;
  const someone = [...frameworks.values()].some((f) => all.some(({ role }) => hasRole(f, role)));
  if (someone) for (const offer of [...offers.values()]) rescind(context, offer);
  context.allocate();
  return undefined;
}
