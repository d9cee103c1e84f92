// SPDX-License-Identifier: Apache-2.0
import type { FilesView } from "./routes";
import { browse, type FilesRefusal, isFilesRefusal, read } from "./virtual-files";

type Json = Record<string, unknown>;

export function isFilesCall(type: unknown): type is "LIST_FILES" | "READ_FILE" {
  return type === "LIST_FILES" || type === "READ_FILE";
}

/** What LIST_FILES and READ_FILE of a v1 API answer: the response, or why not (docs/operator-http-api.md). */
export async function filesCall(
  view: FilesView,
  type: "LIST_FILES" | "READ_FILE",
  args: Json,
  principal: string | undefined,
): Promise<{ readonly response: Json } | FilesRefusal> {
  const path = String(args["path"]);
  if (!view.allows(path, principal)) return { status: 403, message: "" };
  if (type === "LIST_FILES") {
    const listing = await browse(view.attached, path);
    if (isFilesRefusal(listing)) return listing;
    const infos = listing.map(({ mtimeNanoseconds, ...info }) => ({
      ...info,
      mtime: { nanoseconds: mtimeNanoseconds },
    }));
    return { response: { type, list_files: { file_infos: infos } } };
  }
  const length = args["length"] === undefined ? undefined : Number(args["length"]);
  const contents = await read(view.attached, path, Number(args["offset"]), length);
  if (isFilesRefusal(contents)) return contents;
  const { size, data } = contents;
  return { response: { type, read_file: { size, data: data.toString("base64") } } };
}
