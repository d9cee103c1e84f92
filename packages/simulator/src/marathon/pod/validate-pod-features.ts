// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import { notEnabled } from "../app/validate-features";
import type { Environment, Pod, PodContainer } from "./types";

/** Rules about what needs `--enable_features`: secrets and GPUs. */
export function podFeatureViolations(pod: Pod, features: ReadonlySet<string>): Violation[] {
  const found = environmentViolations(pod.environment, "", pod, features);
  const secrets = features.has("secrets");
  if (Object.keys(pod.secrets).length > 0 && !secrets)
    found.push({ path: "/secrets", errors: [notEnabled("secrets")] });
  pod.volumes.forEach(({ secret }, i) => {
    if (secret === undefined) return;
    if (!secrets) found.push({ path: `/volumes(${i})`, errors: [notEnabled("secrets")] });
    if (pod.secrets[secret] === undefined)
      found.push({
        path: `/volumes(${i})/secret`,
        errors: ["volume.secret must refer to an existing secret"],
      });
  });
  pod.containers.forEach((container, i) => {
    found.push(...containerViolations(container, `/containers(${i})`, pod, features));
  });
  return found;
}

function containerViolations(
  { environment, image, resources }: PodContainer,
  path: string,
  pod: Pod,
  features: ReadonlySet<string>,
): Violation[] {
  const found = environmentViolations(environment, path, pod, features);
  const secret = image?.pullConfig?.secret;
  if (secret !== undefined) {
    const errors = [
      ...(features.has("secrets") ? [] : ["must be empty", notEnabled("secrets")]),
      ...(pod.secrets[secret] === undefined ? ["pullConfig.secret must refer to an existing secret"] : []),
    ];
    if (errors.length > 0) found.push({ path: `${path}/image/pullConfig`, errors });
  }
  if (resources.gpus > 0 && !features.has("gpu_resources"))
    found.push({ path: `${path}/resources/gpus`, errors: [notEnabled("gpu_resources")] });
  return found;
}

function environmentViolations(
  environment: Environment,
  path: string,
  { secrets }: Pod,
  features: ReadonlySet<string>,
): Violation[] {
  const references = Object.entries(environment).flatMap(([name, value]) =>
    typeof value === "string" ? [] : [{ name, secret: value.secret }],
  );
  if (references.length === 0) return [];
  const message = "use of secret-references in the environment requires the secrets feature to be enabled";
  return [
    ...(features.has("secrets") ? [] : [{ path: `${path}/environment`, errors: [message] }]),
    ...references
      .filter(({ secret }) => secrets[secret] === undefined)
      .map(({ name }) => ({
        path: `${path}/environment/${name}/secret`,
        errors: ["references an undefined secret"],
      })),
  ];
}
