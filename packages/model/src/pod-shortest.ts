// SPDX-License-Identifier: Apache-2.0
import { Pod, type PodResourceInputs, toPodInputs } from "./pod";
import { diffPod } from "./pod-diff";
import { normalisePod } from "./pod-normal-form";
import type { ServerFacts } from "./server-facts";
import { shortest } from "./shortest";

/** The shortest inputs that mean the pod that runs, as somebody would write them: without defaults. */
export function shortestPodInputs(running: object, facts: ServerFacts): PodResourceInputs {
  const target = normalisePod(running, facts);
  const normalise = (pod: object): Pod => normalisePod(pod, facts);
  const document = shortest(target, {
    schema: Pod,
    base: ["id", "containers", "networks", "volumes"],
    required: new Set(["id", "kind", "resources"]),
    normalise,
    same: (pod) => diffPod(normalise(pod), target).kind === "none",
  });
  return toPodInputs(document);
}
