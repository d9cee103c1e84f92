// SPDX-License-Identifier: Apache-2.0

import { normaliseLinuxInfo } from "./app-normal-container";
import { filled } from "./app-normal-form";
import { defined, nonEmpty, withFetchDefaults } from "./app-normal-networks";
import { isRecord } from "./schema-view";

type Json = Readonly<Record<string, unknown>>;

/** `containers` as answers have them; which host ports endpoints get depends on the pod's networks. */
export function normaliseContainers(containers: unknown, networks: unknown): unknown {
  const own = Array.isArray(networks) && networks.some((n) => isRecord(n) && n["mode"] === "container");
  if (!Array.isArray(containers)) return containers;
  return containers.map((c) => (isRecord(c) ? normaliseContainer(c, own) : c));
}

function normaliseContainer(container: Json, ownAddress: boolean): Json {
  return defined({
    ...container,
    resources: filled(container["resources"], { cpus: 1, mem: 128, disk: 0, gpus: 0 }),
    endpoints: nonEmpty(normaliseEndpoints(container["endpoints"], ownAddress)),
    image: normaliseImage(container["image"]),
    environment: nonEmpty(container["environment"]),
    healthCheck: normaliseCheck(container["healthCheck"], {
      gracePeriodSeconds: 300,
      maxConsecutiveFailures: 3,
    }),
    check: normaliseCheck(container["check"]),
    volumeMounts: nonEmpty(filledEach(container["volumeMounts"], { readOnly: false })),
    artifacts: nonEmpty(withFetchDefaults(container["artifacts"])),
    labels: nonEmpty(container["labels"]),
    linuxInfo: normaliseLinuxInfo(container["linuxInfo"]),
  });
}

/** Off container networks every endpoint has a host port. */
function normaliseEndpoints(endpoints: unknown, ownAddress: boolean): unknown {
  if (!Array.isArray(endpoints)) return endpoints;
  return endpoints.map((e) =>
    isRecord(e)
      ? defined({
          ...(ownAddress ? {} : { hostPort: 0 }),
          ...e,
          protocol: nonEmpty(e["protocol"]),
          labels: nonEmpty(e["labels"]),
          networkNames: nonEmpty(e["networkNames"]),
        })
      : e,
  );
}

function normaliseImage(image: unknown): unknown {
  return isRecord(image) ? defined({ ...image, labels: nonEmpty(image["labels"]) }) : image;
}

function normaliseCheck(check: unknown, more: Json = {}): unknown {
  if (!isRecord(check)) return check;
  const times = { intervalSeconds: 60, timeoutSeconds: 20, delaySeconds: 15 };
  return defined({ ...times, ...more, ...check, http: filled(check["http"], { scheme: "HTTP" }) });
}

function filledEach(list: unknown, defaults: Json): unknown {
  return Array.isArray(list) ? list.map((item) => filled(item, defaults)) : list;
}
