// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";

/** An error that comes from the server below Marathon's API: a page, as Jetty sends it, not JSON. */
export async function sendHtmlError(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  reason = STATUS_CODES[status] ?? "",
): Promise<void> {
  const path = escaped(request.url.split("?")[0] ?? "");
  const text = escaped(reason);
  const page = [
    "<html>",
    "<head>",
    '<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>',
    `<title>Error ${status} ${text}</title>`,
    "</head>",
    `<body><h2>HTTP ERROR ${status}</h2>`,
    `<p>Problem accessing ${path}. Reason:`,
    `<pre>    ${text}</pre></p>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
  await reply
    .code(status)
    .header("cache-control", "must-revalidate,no-cache,no-store")
    .header("content-type", "text/html;charset=iso-8859-1")
    .send(Buffer.from(page));
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
