// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { appendFile, chmod, copyFile, mkdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { FetchUri } from "../protocol/types";

const run = promisify(execFile);

export interface FetchOptions {
  readonly sandbox: string;
  readonly containerId: string;
  /** Where tar, gunzip and unzip are looked for. */
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Brings a command's uris into its sandbox, as the real fetcher does (docs/fetcher.md); what it did is in `stderr` there. */
export async function fetchUris(uris: readonly FetchUri[], options: FetchOptions): Promise<void> {
  const { sandbox, containerId, signal } = options;
  for (const uri of uris) {
    try {
      await fetchOne(uri, options);
    } catch (error) {
      signal.throwIfAborted();
      const said = `Failed to fetch '${withoutUser(uri.value)}': ${messageOf(error)}\n`;
      await appendFile(join(sandbox, "stderr"), said, { mode: 0o600 });
      throw new MesosError(
        "MESOS_SIMULATOR_FETCH",
        `Failed to launch container: Failed to fetch all URIs for container '${containerId}': exited with status 1`,
        { cause: error },
      );
    }
  }
}

async function fetchOne(uri: FetchUri, options: FetchOptions): Promise<void> {
  const { sandbox } = options;
  const name = uri.output_file ?? basename(withoutQuery(uri.value));
  const file = join(sandbox, name);
  if (name === "" || isAbsolute(name) || !file.startsWith(`${sandbox}/`)) {
    throw failure("the file's name must be in the sandbox");
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await download(uri.value, file, options.signal);
  if (uri.executable === true) await chmod(file, 0o755);
  else if (uri.extract !== false) await extract(file, options);
  await appendFile(join(sandbox, "stderr"), `Fetched '${withoutUser(uri.value)}' to '${file}'\n`, {
    mode: 0o600,
  });
}

async function download(from: string, file: string, signal: AbortSignal): Promise<void> {
  const local = from.startsWith("file://") ? decodeURI(from.slice("file://".length)) : from;
  if (isAbsolute(local)) {
    if (!existsSync(local)) throw failure(`there is no file '${local}'`);
    await copyFile(local, file);
    return;
  }
  if (!/^https?:\/\//.test(from)) throw failure("only http, https and file are simulated");
  const url = new URL(from);
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  const headers: Record<string, string> =
    user === ":" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
  const answer = await fetch(url, { signal, headers });
  if (!answer.ok || answer.body === null) {
    throw failure(`Error downloading resource, received HTTP return code ${answer.status}`);
  }
  await pipeline(Readable.from(answer.body), createWriteStream(file, { mode: 0o644 }), { signal });
}

/** By extension; what is no archive stays as it is. */
async function extract(file: string, { sandbox, path, signal }: FetchOptions): Promise<void> {
  const options = { cwd: sandbox, env: { PATH: path }, signal, maxBuffer: 16 * 1024 * 1024 };
  if (/\.(tar|tgz|tar\.gz|tbz2|tar\.bz2|txz|tar\.xz)$/.test(file)) {
    await run("tar", ["-C", sandbox, "-xf", file], options);
  } else if (/\.zip$/.test(file)) {
    await run("unzip", ["-o", "-d", sandbox, file], options);
  } else if (/\.gz$/.test(file)) {
    await run(
      "/bin/sh",
      ["-c", 'gunzip -d -c "$1" > "$2"', "sh", file, file.slice(0, -".gz".length)],
      options,
    );
  }
}

function withoutQuery(uri: string): string {
  return /^https?:/.test(uri) ? (uri.split(/[?#]/)[0] ?? uri) : uri;
}

/** Uris may carry a password. */
function withoutUser(uri: string): string {
  return uri.replace(/^(\w+:\/\/)[^/@]*@/, "$1");
}

function failure(why: string): MesosError {
  return new MesosError("MESOS_SIMULATOR_FETCH", why);
}
