// SPDX-License-Identifier: Apache-2.0
import http from "node:http";
import https from "node:https";

/** An answer with its whole body. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** One request without any help: no redirect is followed, no status is an error. */
export function request(
  url: string,
  options: {
    method?: string;
    json?: unknown;
    headers?: Record<string, string>;
    /** Authority in PEM that is believed at `https://`. */
    ca?: string | undefined;
    /** @default 15 s */
    timeoutMs?: number;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = options.json === undefined ? undefined : JSON.stringify(options.json);
    const headers = {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...options.headers,
    };
    const { method = "GET", ca, timeoutMs: timeout = 15_000 } = options;
    const outgoing = (url.startsWith("https:") ? https : http).request(
      url,
      { method, headers, timeout, agent: false, ca },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => {
          text += chunk;
        });
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
        );
        incoming.on("error", reject);
      },
    );
    outgoing.on("timeout", () =>
      outgoing.destroy(new Error(`${url} did not answer within ${timeout / 1000} s`)),
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** As {@link request}; nothing where nobody is there to answer. */
export async function answerFrom(...asked: Parameters<typeof request>): Promise<Answer | undefined> {
  try {
    return await request(...asked);
  } catch (error) {
    if (isConnectionError(error)) return undefined;
    throw error;
  }
}

function isConnectionError(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    code === "ECONNREFUSED" ||
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    // The address of a container that is gone.
    code === "EHOSTUNREACH" ||
    /did not answer|socket hang up/.test(message)
  );
}

/** The JSON of a 200. */
export async function getJson<T>(url: string, authorization?: string, ca?: string): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (authorization !== undefined) headers["Authorization"] = authorization;
  const answer = await request(url, { headers, ca });
  if (answer.status !== 200)
    throw new Error(`GET ${url} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
  return JSON.parse(answer.body) as T;
}
