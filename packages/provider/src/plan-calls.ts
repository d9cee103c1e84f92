// SPDX-License-Identifier: Apache-2.0
import {
  type CheckRequest,
  CheckResponse,
  type DiffRequest,
  type DiffResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { computed, type Failure, inputChecker, type ObjectSchema } from "@pulumi-mesos/model";
import { pathInReason } from "./check-failure";
import { diffResponse } from "./diff-response";
import { findResource } from "./lookup";
import { parsePath } from "./secret-paths";
import type { Session } from "./session";
import { parseUrn } from "./urn";
import { type Bag, decode, encode } from "./wire";

const checkers = new WeakMap<ObjectSchema, ReturnType<typeof inputChecker>>();

/** Everything that the schema finds wrong, and the values with `computed` in place of what is wrong. */
export function checkSchema(schema: ObjectSchema, bag: Bag): { values: Bag["values"]; failures: Failure[] } {
  const checker = checkers.get(schema) ?? inputChecker(schema);
  checkers.set(schema, checker);
  const isSecret = (pointer: string): boolean => bag.secrets.touches(pointerParts(pointer));
  const failures = checker(bag.values, { isSecret });
  const values = failures.reduce<unknown>((all, f) => masked(all, pointerParts(f.pointer)), bag.values);
  return { values: values as Bag["values"], failures };
}

/** Checks inputs by the resource's schema and by its own rules, and reports everything at once. */
export async function answerCheck(request: CheckRequest): Promise<CheckResponse> {
  const urn = parseUrn(request.getUrn());
  const resource = await findResource(urn.type);
  const news = decode(request.getNews());
  const olds = decode(request.getOlds()).values;
  const { values, failures } = checkSchema(resource.inputs, news);
  const own = resource.check?.({
    urn,
    inputs: values,
    oldInputs: Object.keys(olds).length === 0 ? undefined : olds,
    isSecret: (path) => news.secrets.touches(parsePath(path)),
  });
  const all = [...failures, ...(own?.failures ?? [])];
  const inputs = all.length > 0 ? news.values : (own?.inputs ?? values);
  // Most checks change nothing: what came goes back without being encoded again.
  const bag = inputs === news.values ? request.getNews() : encode(inputs, news.secrets);
  return new CheckResponse().setInputs(bag).setFailuresList(all.map(pathInReason));
}

/** Compares what is with what shall be, and keeps what the change does for the preview that follows. */
export async function answerDiff(
  session: Pick<Session, "summaries">,
  request: DiffRequest,
): Promise<DiffResponse> {
  const urn = parseUrn(request.getUrn());
  const resource = await findResource(urn.type);
  const result = resource.diff({
    id: request.getId(),
    urn,
    oldInputs: decode(request.getOldInputs()).values,
    state: decode(request.getOlds()).values,
    inputs: decode(request.getNews()).values,
  });
  session.summaries.delete(urn.urn);
  if (result.summary !== undefined) session.summaries.set(urn.urn, result.summary);
  return diffResponse(result, request.getIgnorechangesList());
}

function pointerParts(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** `value` with `computed` at `path`; a whole value that is wrong becomes an empty bag. */
function masked(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return computed;
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === key ? masked(item, rest) : item));
  if (typeof value !== "object" || value === null) return computed;
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [key]: masked(fields[key], rest) };
}
