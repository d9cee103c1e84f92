// SPDX-License-Identifier: Apache-2.0
import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** The first 200 from `url` that is nginx's page; polls each 20 ms because the first answer is what is measured. */
export async function firstAnswer(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const body = await new Promise<string>((resolve) => {
      const request = http.get(url, { timeout: 1000 }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on("end", () => resolve(response.statusCode === 200 ? text : ""));
      });
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve(""));
    });
    if (body.includes("nginx")) return;
    await delay(20, undefined, { signal });
  }
}
