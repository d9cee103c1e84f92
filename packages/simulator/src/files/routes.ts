// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { principalOf } from "../http";
import { type Attached, browse, type FileInfo, isFilesRefusal, read, resolveFile } from "./virtual-files";

/** What a program shows of its files, and to whom. */
export interface FilesView {
  readonly attached: Attached;
  /** Whether the principal may see this path. */
  allows(path: string, principal: string | undefined): boolean;
  /** Whether the principal may ask what is attached. */
  allowsDebug(principal: string | undefined): boolean;
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".gz": "application/x-gzip",
  ".htm": "text/html",
  ".html": "text/html",
  ".jpg": "image/jpeg",
  ".js": "application/javascript",
  ".json": "application/json",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".tar": "application/x-tar",
  ".txt": "text/plain",
  ".xml": "text/xml",
  ".zip": "application/zip",
};

type Query = Readonly<Record<string, string | undefined>>;
type Handler = (view: FilesView, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** `/files/{browse,read,download,debug}`, also as `.json` (docs/endpoints/files). */
export function addFilesRoutes(server: FastifyInstance, view: FilesView): void {
  const handlers = { browse: sendListing, read: sendPart, download: sendWhole, debug: sendAttached };
  for (const [name, handler] of Object.entries<Handler>(handlers)) {
    for (const url of [`/files/${name}`, `/files/${name}.json`]) {
      server.route({
        method: ["GET", "POST"],
        url,
        handler: async (request, reply) => await handler(view, request, reply),
      });
    }
  }
}

async function refuse(reply: FastifyReply, status: number, message = ""): Promise<FastifyReply> {
  if (message === "") return await reply.code(status).send();
  return await reply.code(status).type("text/plain").send(message);
}

/** The path that is asked for; otherwise the request is answered. */
async function pathOf(
  view: FilesView,
  request: FastifyRequest,
  reply: FastifyReply,
  words = "",
): Promise<string | undefined> {
  const { path } = request.query as Query;
  if (typeof path !== "string" || path === "") {
    await refuse(reply, 400, "Expecting 'path=value' in query.\n");
    return undefined;
  }
  if (view.allows(path, principalOf(request))) return path;
  await refuse(reply, 403, words);
  return undefined;
}

const sendListing: Handler = async (view, request, reply) => {
  const path = await pathOf(view, request, reply);
  if (path === undefined) return reply;
  const listing = await browse(view.attached, path);
  if (isFilesRefusal(listing)) return await refuse(reply, listing.status, listing.message);
  return await reply.send(listing.map(infoJson));
};

/** An entry as the older endpoints show it. */
function infoJson(info: FileInfo): Record<string, unknown> {
  const { path, nlink, size, mtimeNanoseconds, mode, uid, gid } = info;
  return { path, nlink, size, mtime: mtimeNanoseconds / 1e9, mode: modeText(mode), uid, gid };
}

/** As `ls -l` writes it. */
function modeText(mode: number): string {
  const kinds: Readonly<Record<number, string>> = {
    1: "p",
    2: "c",
    4: "d",
    6: "b",
    8: "-",
    10: "l",
    12: "s",
  };
  const bits = [...(mode & 0o777).toString(2).padStart(9, "0")];
  return `${kinds[(mode >> 12) & 15] ?? "-"}${bits.map((bit, at) => (bit === "1" ? "rwx"[at % 3] : "-")).join("")}`;
}

/** A whole number that is at least -1, undefined when it is not given, or why not. */
function numberOf(query: Query, name: "offset" | "length"): number | undefined | { readonly why: string } {
  const text = query[name];
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) {
    return { why: `Failed to parse ${name}: Failed to convert '${text}' to number.\n` };
  }
  const value = Number(text);

  return value < -1 ? { why: `Negative ${name} provided: ${value}.\n` } : value;
}

const sendPart: Handler = async (view, request, reply) => {
  const query = request.query as Query;
  const path = await pathOf(view, request, reply);
  if (path === undefined) return reply;
  const offset = numberOf(query, "offset") ?? -1;
  if (typeof offset === "object") return await refuse(reply, 400, offset.why);
  const length = numberOf(query, "length") ?? -1;
  if (typeof length === "object") return await refuse(reply, 400, length.why);
  // Without an offset, or with -1, a reader asks how long the file is.
  const asksSize = offset === -1;
  const contents = await read(
    view.attached,
    path,
    asksSize ? 0 : offset,
    asksSize ? 0 : length === -1 ? undefined : length,
  );
  if (isFilesRefusal(contents)) return await refuse(reply, contents.status, contents.message);
  const { size, data } = contents;
  // Bytes go out as they are, as Mesos sends them: who reads part of a file may get half a letter.
  const text = JSON.stringify({ data: data.toString("latin1"), offset: asksSize ? size : offset });
  return await reply.type("application/json").send(Buffer.from(text, "latin1"));
};

const sendWhole: Handler = async (view, request, reply) => {
  const path = await pathOf(view, request, reply, "403 Forbidden.");
  if (path === undefined) return reply;
  const resolved = await resolveFile(view.attached, path);
  if (isFilesRefusal(resolved)) return await refuse(reply, resolved.status, resolved.message);
  const found = await stat(resolved.real);
  if (found.isDirectory()) return await refuse(reply, 400, "Cannot download a directory.\n");
  if (!found.isFile()) return await refuse(reply, 404);
  const name = basename(resolved.real);
  reply.header("content-disposition", `attachment; filename=${encodeURI(name)}`);
  reply.header("content-length", found.size).type(mediaTypes[extname(name)] ?? "application/octet-stream");
  if (found.size === 0) return await reply.send("");
  // A log grows while it is read: no more is sent than was promised.
  return await reply.send(createReadStream(resolved.real, { end: found.size - 1 }));
};

const sendAttached: Handler = async (view, request, reply) => {
  if (!view.allowsDebug(principalOf(request))) return await refuse(reply, 403, "403 Forbidden.");
  return await reply.send(Object.fromEntries(view.attached));
};
