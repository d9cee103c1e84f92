// SPDX-License-Identifier: Apache-2.0
import { type ClientRequest, request } from "node:http";
import { RecordDecoder } from "../recordio";
import { until } from "../test-cluster.test";
import { decode, encode, type Json, type V1Format, type V1Type } from "../v1";

/** What tests of the v1 APIs speak with: bytes as they are, and streams in either format. */

export const json = "application/json";
export const protobuf = "application/x-protobuf";
export const formats: readonly V1Format[] = [json, protobuf];

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

export function send(
  url: string,
  headers: Record<string, string>,
  body: string | Buffer,
  method = "POST",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A stream of records, read as one type of message in one format. */
export class Stream {
  readonly records: Json[] = [];
  headers: Record<string, string | string[] | undefined> = {};
  readonly #sent: ClientRequest;

  constructor(url: string, format: V1Format, call: V1Type, event: V1Type, body: Json) {
    const decoder = new RecordDecoder();
    this.#sent = request(
      url,
      { method: "POST", agent: false, headers: { "content-type": format, accept: format } },
      (answer) => {
        this.headers = answer.headers;
        answer.on("error", () => undefined);
        answer.on("data", (chunk: Buffer) => {
          for (const bytes of decoder.pushBytes(chunk)) this.records.push(decode(event, format, bytes));
        });
      },
    );
    this.#sent.on("error", () => undefined);
    this.#sent.end(encode(call, format, body));
  }

  close(): void {
    this.#sent.destroy();
  }

  /** The first record of a type, that `fits`. */
  async next(type: string, fits: (record: Json) => boolean = () => true): Promise<Json> {
    return await until(type, () => this.records.find((r) => r["type"] === type && fits(r)));
  }
}
