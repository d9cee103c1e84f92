// SPDX-License-Identifier: Apache-2.0
import {
  aclProblem,
  checkAppRules,
  computed,
  defaultIntervalSeconds,
  defaultMinRequests,
  type Failure,
  isComputed,
  type ReleaseInputs,
  stepsFrom,
  weightsKey,
} from "@pulumi-mesos/model";
import { compareInputs, type Difference, drift } from "../differences";
import { describeAppChange } from "../marathon/describe-change";
import { listed } from "../marathon/listed";
import type { CheckRequest, CheckResult, DiffRequest, DiffResult, Properties } from "../resource";
import { changeFrom } from "./app-change";
import { hasPersistentVolumes, pathOf } from "./app-inputs";
import { besides, inputsIn, isSettled, liveState, type ReleaseState, releaseOutputs } from "./release-facts";
import { percent } from "./release-verdict";

const shownPaths = 3;

/** What the schema cannot say of a release's inputs. */
export function checkRelease({ inputs, isSecret }: CheckRequest): CheckResult {
  const { appId, app, acl, config, steps } = inputs;
  const failures: Failure[] = [];
  const refuse = (path: string, message: string): void => void failures.push({ path, message });
  if (isRecord(app)) {
    const rules = { isUnknown: isComputed, isSecret: (path: string) => isSecret(`app.${path}`) };
    // The path is judged as it is given; how it ends cannot make it wrong.
    for (const { path, message } of checkAppRules({ ...app, appId }, rules)) {
      refuse(path === "appId" ? path : `app.${path}`, message);
    }
    const labels = isRecord(app["labels"]) ? Object.keys(app["labels"]) : [];
    const routing = labels.find((label) => label.startsWith("HAPROXY_"));
    if (routing !== undefined) {
      refuse(
        `app.labels.${routing}`,
        "would route each version by itself; acl says which requests the release gets",
      );
    }
    if (!isComputed(app["container"]) && hasPersistentVolumes({ ...app, id: "/x" })) {
      refuse(
        "app.container.volumes",
        "two versions cannot hold the same persistent volume; use marathon.App",
      );
    }
  }
  const problem = typeof acl === "string" ? aclProblem(acl) : undefined;
  if (problem !== undefined)
    refuse("acl", `${problem}, got ${isSecret("acl") ? "a secret one" : JSON.stringify(acl)}`);
  for (const key of ["Acl", weightsKey]) {
    if (isRecord(config) && config[key] !== undefined)
      refuse(`config.${key}`, "is the release's own; remove it");
  }
  if (Array.isArray(steps) && steps.some((step, i) => i > 0 && step <= steps[i - 1])) {
    refuse("steps", "must grow, because each sends the new version more of the requests than the last");
  }
  if (inputs.minRequests !== undefined && inputs.maxErrorRate === undefined)
    refuse("minRequests", "says when maxErrorRate judges, which is not set; set it, or remove minRequests");
  return { inputs, failures };
}

/** Compares what the state says is there with the new inputs, and says what becomes of the requests. */
export function planRelease({ state, inputs }: DiffRequest<ReleaseInputs, ReleaseState>): DiffResult {
  const rest = ({ app: _, appId, ...others }: Properties): Properties => ({
    ...others,
    appId: typeof appId === "string" ? pathOf(appId) : appId,
  });
  const others = compareInputs(rest(inputsIn(state)), rest(inputs), ["appId"]);
  const app = appChange(state, inputs);
  const drifts = isSettled(state) ? [] : [drift("weights")];
  const differences: Difference[] = [...app.differences, ...others, ...drifts];
  const summary = others.some((d) => d.replace) ? undefined : (app.summary ?? splitSummary(state));
  return { differences, ...(summary !== undefined && { summary }) };
}

function splitSummary(state: ReleaseState): string | undefined {
  if (isSettled(state)) return undefined;
  const { appId, liveAppId } = state;
  return `sends all requests to ${liveAppId} and ends ${besides(appId, liveAppId)} where it is left`;
}

/** What is known before of the outputs: where no other version starts, most of them stay. */
export function previewRelease(
  inputs: Properties,
  _urn: unknown,
  state: ReleaseState | undefined,
): Properties {
  const unknown = Object.fromEntries(Object.keys(releaseOutputs).map((name) => [name, computed]));
  if (state === undefined) return unknown;
  const { kind } = appChange(state, inputs);
  if (kind !== "none" && kind !== "scale") return unknown;
  return { ...unknown, liveAppId: state.liveAppId, weights: { [state.liveAppId]: 100 }, url: state.url };
}

function appChange(state: ReleaseState, inputs: Properties) {
  const { app } = inputs;
  if (!isRecord(app)) {
    const unknown: Difference = { path: "app", kind: "update", replace: false, input: true };
    return { kind: "restart" as const, differences: [unknown] };
  }
  const { change, before, after } = changeFrom(liveState(state), { ...app, appId: state.liveAppId });
  const differences = change.paths.map((p) => ({ ...p, path: `app.${p.path}`, replace: false, input: true }));
  if (change.kind === "none") return { kind: change.kind, differences };
  if (change.kind === "scale") {
    const said = describeAppChange({ change, before, after, restart: false, unmanaged: false });
    return { kind: change.kind, differences, summary: `${state.liveAppId}: ${said}` };
  }
  const why = change.paths.map((p) => p.path).filter((path) => path !== "instances");
  return { kind: change.kind, differences, summary: releaseSummary(state, inputs, why) };
}

function releaseSummary(state: ReleaseState, inputs: Properties, why: readonly string[]): string {
  const live = state.liveAppId;
  const next = besides(state.appId, live);
  const { steps, intervalSeconds = defaultIntervalSeconds } = inputs;
  const known = Array.isArray(steps) && steps.every((step) => typeof step === "number") ? steps : undefined;
  const shares = steps === undefined || known ? stepsFrom(known, 0).join(", ") : "more and more";
  const seconds = typeof intervalSeconds === "number" ? `${intervalSeconds} s` : "a while";
  const watched = `each watched for ${seconds}${limitSummary(inputs)}`;
  return `starts ${next} beside ${live}, because of ${listed(why, shownPaths)}; once it is healthy sends it ${shares} % of the requests, ${watched}, then ends ${live}; if it fails all go back to ${live}`;
}

function limitSummary({ maxErrorRate, minRequests = defaultMinRequests }: Properties): string {
  if (maxErrorRate === undefined) return "";
  if (typeof maxErrorRate !== "number" || typeof minRequests !== "number") return " and for its errors";
  return ` and for ${minRequests} requests, of which at most ${percent(maxErrorRate)} may end with a 5xx`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
