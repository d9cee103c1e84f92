// SPDX-License-Identifier: Apache-2.0
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { messageOf, within } from "@pulumi-mesos/model";

/** Where and how to ask. */
export interface ProbeTarget {
  readonly protocol: "HTTP" | "HTTPS" | "TCP";
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly timeoutMs: number;
}

/** What came back; `status` is undefined for TCP and where nothing answered. */
export interface ProbeResult {
  readonly status?: number;
  readonly body?: string;
  readonly contentType?: string;
  readonly failure?: string;
}

export type Probe = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeResult>;

const bodyLimit = 64 * 1024;

/** Asks once; never rejects. Certificates are not checked, as Marathon does not. */
export const probe: Probe = async (target, signal) => {
  const bounded = within(signal, Math.max(1, target.timeoutMs));
  try {
    return target.protocol === "TCP" ? await connects(target, bounded) : await answers(target, bounded);
  } catch (error) {
    const late = bounded.aborted && !signal.aborted;
    return { failure: late ? `AskTimeoutException: no answer in ${target.timeoutMs} ms` : messageOf(error) };
  }
};

function connects(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: target.host, port: target.port, signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve({});
    });
    socket.once("error", reject);
  });
}

function answers(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const path = target.path ?? "/";
  const options = {
    host: target.host,
    port: target.port,
    path: path.startsWith("/") ? path : `/${path}`,
    signal,
    agent: false,
    rejectUnauthorized: false,
    headers: { "user-agent": "Marathon health check" },
  };
  return new Promise((resolve, reject) => {
    const request = target.protocol === "HTTPS" ? https.get(options) : http.get(options);
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () => {
        resolve({
          status: response.statusCode,
          body: Buffer.concat(chunks).toString("utf8"),
          contentType: response.headers["content-type"],
        });
        request.destroy();
      };
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= bodyLimit) chunks.push(chunk);
        else finish();
      });
      response.once("end", finish);
      response.once("error", reject);
    });
  });
}
