// SPDX-License-Identifier: Apache-2.0
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { RecordDecoder } from "../recordio";

const keepAlive = new Agent({ keepAlive: true, maxSockets: 64, scheduling: "lifo" });
const answerLimit = 64 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

function open(
  url: string,
  body: unknown,
  signal: AbortSignal,
  agent: Agent | undefined,
  onSent: (sent: ClientRequest) => void = () => undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const sent = request(
      url,
      {
        method: "POST",
        signal,
        ...(agent === undefined ? { agent: false } : { agent }),
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
      },
      resolve,
    );
    sent.on("error", (error) =>
      reject(
        new MesosError("MESOS_SIMULATOR_UNREACHABLE", `POST ${url}: ${messageOf(error)}`, {
          cause: error,
          retryable: true,
        }),
      ),
    );
    onSent(sent);
    sent.end(text);
  });
}

function textOf(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= answerLimit) return;
      answer.destroy(
        new MesosError("MESOS_SIMULATOR_UNREACHABLE", `an answer is larger than ${answerLimit} bytes`),
      );
    });
    answer.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    answer.once("error", reject);
    answer.once("close", () => {
      reject(new MesosError("MESOS_SIMULATOR_UNREACHABLE", "the answer broke off", { retryable: true }));
    });
  });
}

/** Sends JSON and gives the answer, whatever its status; within `limitMs`, where that is given. */
export async function postJson(
  url: string,
  body: unknown,
  signal: AbortSignal,
  dial = keepAlive,
  limitMs?: number,
): Promise<Answer> {
  const answered = async (limit?: (sent: ClientRequest) => void): Promise<Answer> => {
    const answer = await open(url, body, signal, dial, limit);
    return { status: answer.statusCode ?? 0, body: await textOf(answer) };
  };
  if (limitMs === undefined) return await answered();
  // A timer of its own that ends with the answer: a signal that times out would live on for its whole time.
  let timer: NodeJS.Timeout | undefined;
  try {
    return await answered((sent) => {
      timer = setTimeout(() => {
        sent.destroy(
          new MesosError("MESOS_SIMULATOR_UNREACHABLE", `no answer within ${limitMs} ms`, {
            retryable: true,
          }),
        );
      }, limitMs);
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Sends JSON and yields the records of the answer until it ends; fails when the status is not 200. */
export async function* postForRecords(
  url: string,
  body: unknown,
  signal: AbortSignal,
  dial?: Agent,
): AsyncGenerator<string> {
  const answer = await open(url, body, signal, dial);
  if (answer.statusCode !== 200) {
    const text = (await textOf(answer)).slice(0, 500);
    throw new MesosError("MESOS_SIMULATOR_REFUSED", `POST ${url}: ${answer.statusCode} ${text}`, {
      retryable: true,
    });
  }
  const decoder = new RecordDecoder();
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) yield* decoder.push(chunk);
  } finally {
    answer.destroy();
  }
}
