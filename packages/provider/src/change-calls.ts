// SPDX-License-Identifier: Apache-2.0
import {
  type CreateRequest,
  CreateResponse,
  type DeleteRequest,
  type ReadRequest,
  ReadResponse,
  type UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { computed, hasComputed, isMesosError, messageOf } from "@pulumi-mesos/model";
import { InitFailedError } from "./init-failed";
import { initFailedStatus } from "./init-failed-status";
import { findResource } from "./lookup";
import type { Properties, Resource, Timeouts } from "./resource";
import { parsePath, type SecretPaths } from "./secret-paths";
import { hidingSecrets } from "./secret-texts";
import { inContext, type Session } from "./session";
import { parseUrn, type UrnParts } from "./urn";
import { type Bag, decode, encode } from "./wire";

/** Makes the resource, or at preview says what is known of it. */
export async function answerCreate(
  session: Session,
  request: CreateRequest,
  peer: AbortSignal,
): Promise<CreateResponse> {
  const { urn, resource, refresh } = await about(request.getUrn());
  const inputs = decode(request.getProperties());
  const response = new CreateResponse().setRefreshBeforeUpdate(refresh);
  if (request.getPreview()) {
    await showSummary(session, urn, { announced: resource.announce?.(inputs.values) });
    return response.setProperties(encode(preview(resource, urn, inputs, undefined), inputs.secrets));
  }
  const timeoutSeconds = seconds(request, resource, "create");
  const call = { urn: urn.urn, timeoutSeconds, peer, bags: [inputs] };
  const { id, outputs } = await keepingWhatWasMade(refresh, inputs, inputs.secrets, () =>
    inContext(session, call, (context) => resource.create(inputs.values, context)),
  );
  return response.setId(id).setProperties(encode({ ...inputs.values, ...outputs }, inputs.secrets));
}

/** Reads the resource as it is, for a refresh, before an update, or for an import. */
export async function answerRead(
  session: Session,
  request: ReadRequest,
  peer: AbortSignal,
): Promise<ReadResponse> {
  const { urn, resource, refresh } = await about(request.getUrn());
  const inputs = decode(request.getInputs());
  const state = decode(request.getProperties());
  const isImport = Object.keys(inputs.values).length === 0 && Object.keys(state.values).length === 0;
  const known = isImport ? undefined : { inputs: inputs.values, state: state.values };
  const call = { urn: urn.urn, timeoutSeconds: resource.timeouts.read, peer, bags: [inputs, state] };
  const secrets = inputs.secrets.with(state.secrets);
  const isSecret = (path: string): boolean => secrets.touches(parsePath(path));
  const found = await inContext(session, call, (context) =>
    resource.read({ id: request.getId(), known, isSecret }, context),
  );
  const response = new ReadResponse().setRefreshBeforeUpdate(refresh);
  if (found === undefined) return response;
  for (const path of found.secrets ?? []) secrets.add(parsePath(path));
  return response
    .setId(found.id)
    .setInputs(encode(found.inputs, secrets))
    .setProperties(encode({ ...found.inputs, ...found.outputs }, secrets));
}

/** Changes the resource in place, or at preview says what will be known of it. */
export async function answerUpdate(
  session: Session,
  request: UpdateRequest,
  peer: AbortSignal,
): Promise<UpdateResponse> {
  const { urn, resource, refresh } = await about(request.getUrn());
  const inputs = decode(request.getNews());
  const state = decode(request.getOlds());
  const response = new UpdateResponse().setRefreshBeforeUpdate(refresh);
  if (request.getPreview()) {
    await showSummary(session, urn, {
      more: () => foresee(session, request, peer, { inputs, state }),
    });
    return response.setProperties(encode(preview(resource, urn, inputs, state), inputs.secrets));
  }
  const call = {
    urn: urn.urn,
    timeoutSeconds: seconds(request, resource, "update"),
    peer,
    ignoreChanges: request.getIgnorechangesList(),
    bags: [inputs, state],
  };
  const outputs = await keepingWhatWasMade(refresh, inputs, inputs.secrets.with(state.secrets), () =>
    inContext(session, call, (context) =>
      resource.update(request.getId(), state.values, inputs.values, context),
    ),
  );
  return response.setProperties(encode({ ...inputs.values, ...outputs }, inputs.secrets));
}

/** Removes the resource. */
export async function answerDelete(
  session: Session,
  request: DeleteRequest,
  peer: AbortSignal,
): Promise<void> {
  const { urn, resource } = await about(request.getUrn());
  const state = decode(request.getProperties());
  const call = { urn: urn.urn, timeoutSeconds: seconds(request, resource, "delete"), peer, bags: [state] };
  await inContext(session, call, (context) => resource.delete(request.getId(), state.values, context));
}

async function about(text: string): Promise<{ urn: UrnParts; resource: Resource; refresh: boolean }> {
  const urn = parseUrn(text);
  const resource = await findResource(urn.type);
  return { urn, resource, refresh: resource.refreshBeforeUpdate ?? false };
}

function seconds(request: { getTimeout(): number }, resource: Resource, verb: keyof Timeouts): number {
  return request.getTimeout() > 0 ? request.getTimeout() : resource.timeouts[verb];
}

function preview(resource: Resource, urn: UrnParts, inputs: Bag, state: Bag | undefined): Properties {
  const outputs =
    resource.preview?.(inputs.values, urn, state?.values) ??
    Object.fromEntries(Object.keys(resource.outputs).map((name) => [name, computed]));
  return { ...inputs.values, ...outputs };
}

/** Says once what the change that is previewed does to what runs, and what `more` knows besides. */
async function showSummary(
  { log, summaries }: Session,
  { urn }: UrnParts,
  o: { readonly announced?: string; readonly more?: () => Promise<string | undefined> },
): Promise<void> {
  const summary = summaries.get(urn) ?? o.announced;
  if (summary === undefined) return;
  summaries.delete(urn);
  const line = [summary, await o.more?.()].filter((part) => part !== undefined).join("; ");
  log.write("info", urn, line);
  await log.flush();
}

/** How long a preview waits at most for what runs. */
const foreseeSeconds = 10;

/** What the resource reads of what runs before a change of it; a preview does not fail because nobody answers. */
async function foresee(
  session: Session,
  request: UpdateRequest,
  peer: AbortSignal,
  { inputs, state }: { readonly inputs: Bag; readonly state: Bag },
): Promise<string | undefined> {
  const { urn, resource } = await about(request.getUrn());
  if (resource.foresee === undefined || hasComputed(inputs.values)) return undefined;
  const bags = [inputs, state];
  const call = {
    urn: urn.urn,
    timeoutSeconds: foreseeSeconds,
    peer,
    ignoreChanges: request.getIgnorechangesList(),
    bags,
  };
  try {
    const line = await inContext(session, call, async (context) =>
      resource.foresee?.(request.getId(), state.values, inputs.values, context),
    );
    return line === undefined ? undefined : hidingSecrets(bags)(line);
  } catch (error) {
    if (!isMesosError(error)) throw error;
    return `what runs could not be asked: ${messageOf(error)}`;
  }
}

/** Turns an {@link InitFailedError} into the form in which the engine keeps what was made. */
async function keepingWhatWasMade<T>(
  refresh: boolean,
  asked: Bag,
  secrets: SecretPaths,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InitFailedError)) throw error;
    const inputs = error.initFailed.inputs ?? asked.values;
    throw initFailedStatus(error, {
      inputs: encode(inputs, secrets),
      properties: encode({ ...inputs, ...error.initFailed.outputs }, secrets),
      refreshBeforeUpdate: refresh,
    });
  }
}
