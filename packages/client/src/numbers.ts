// SPDX-License-Identifier: Apache-2.0
import { decoder, MesosError, Type } from "@pulumi-mesos/model";
import { StatusError } from "./errors";
import { decodeBody, send } from "./http";

/** Where a number is: an address that answers it, or a Prometheus and what to ask. */
export interface NumberSource {
  readonly url: string;
  readonly query?: string;
}

const plain = decoder(Type.Union([Type.Number(), Type.Object({ value: Type.Number() })]));
const prometheus = decoder(
  Type.Object({
    data: Type.Object({
      result: Type.Union([
        Type.Tuple([Type.Number(), Type.String()]),
        Type.Array(Type.Object({ value: Type.Tuple([Type.Number(), Type.String()]) })),
      ]),
    }),
  }),
);

/** Reads one number; fails when there is none, or more than one. */
export async function readNumber(
  { url, query }: NumberSource,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number> {
  const address =
    query === undefined ? url : `${url.replace(/\/+$/, "")}/api/v1/query?query=${encodeURIComponent(query)}`;
  const response = await send({ method: "GET", url: address, timeoutMs, signal });
  if (response.status !== 200) throw new StatusError(response);
  if (query === undefined) {
    const answer = decodeBody(response, plain);
    return typeof answer === "number" ? answer : answer.value;
  }
  const { result } = decodeBody(response, prometheus).data;
  const values = typeof result[0] === "number" ? [String(result[1])] : sampled(result);
  const [value] = values;
  const number = Number(value ?? Number.NaN);
  if (values.length === 1 && Number.isFinite(number)) return number;
  const got = values.length === 1 ? JSON.stringify(value) : `${values.length} results`;
  throw new MesosError("MESOS_CLIENT_NUMBER", `${query}: must have one result that is a number, got ${got}`);
}

function sampled(result: readonly unknown[]): string[] {
  return (result as readonly { readonly value: readonly [number, string] }[]).map(({ value }) => value[1]);
}
