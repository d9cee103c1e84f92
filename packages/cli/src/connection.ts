// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import path from "node:path";
import type { MarathonOptions } from "@pulumi-mesos/client";
import {
  type ConnectionOption,
  type ConnectionOptions,
  connectionFaults,
  MesosError,
  messageOf,
  shownUrl,
} from "@pulumi-mesos/model";
import { type Command, Option } from "commander";
import type { Surroundings } from "./cli";

/** How a Marathon is reached, as the command line says it; `…File`, `ca`, `cert` and `key` are paths. */
export interface ConnectionArguments {
  readonly marathon: readonly string[];
  readonly user?: string;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
}

export const credentialsHelp = `
Password and token are no arguments: they are read from MARATHON_PASSWORD and
MARATHON_TOKEN, or from the files.`;

/** A list as one word with commas, or the flag several times; a comma may also be part of a password, which is refused whole. */
export function listed(text: string, before: readonly string[] = []): readonly string[] {
  return text.includes("@") ? [...before, text] : [...before, ...text.split(",").filter(Boolean)];
}

/** Says which Marathon is meant. */
export function marathonFlag(): Option {
  const words = "a Marathon's address; of several give all, by commas or repeated";
  return new Option("--marathon <url>", words).argParser(listed);
}

/** Says who one is at Marathon, and whom one trusts. */
export function connectionFlags(command: Command): Command {
  return command
    .option("--user <name>", "user of HTTP basic authentication")
    .option("--password-file <file>", "file that holds the user's password")
    .option(
      "--token-file <file>",
      "file that holds a token: DC/OS's, or one that names its scheme (Bearer …)",
    )
    .option(
      "--ca <file>",
      "certificates in PEM of the authorities that may sign those of addresses with https://",
    )
    .option("--cert <file>", "certificate in PEM that is shown to Marathon; with --key")
    .option("--key <file>", "private key in PEM of --cert")
    .option(
      "--insecure",
      "take any certificate of Marathon: anybody on the way can read and change everything",
    );
}

/** What the user calls each part of the connection. */
const names: Readonly<Record<ConnectionOption, string>> = {
  user: "--user",
  password: "MARATHON_PASSWORD or --password-file",
  token: "MARATHON_TOKEN or --token-file",
  ca: "--ca",
  cert: "--cert",
  key: "--key",
  insecure: "--insecure",
};

/** The arguments with what files and the environment add; everything wrong with them is said before a request is made. */
export function connectionOf(args: ConnectionArguments, around: Surroundings): MarathonOptions {
  const variable = (name: string): string | undefined => around.environment[name] || undefined;
  const read = (flag: string, file: string | undefined): string | undefined =>
    file === undefined ? undefined : contents(flag, around.directory, file);
  const options: ConnectionOptions = {
    user: args.user,
    password:
      read("--password-file", args.passwordFile) ??
      (args.user === undefined ? undefined : variable("MARATHON_PASSWORD")),
    token:
      read("--token-file", args.tokenFile) ??
      (args.user === undefined ? variable("MARATHON_TOKEN") : undefined),
    ca: read("--ca", args.ca),
    cert: read("--cert", args.cert),
    key: read("--key", args.key),
    insecure: args.insecure,
  };
  const urls = args.marathon.map(checkedUrl);
  const [fault] = connectionFaults(options, urls, (option) => names[option]);
  if (fault !== undefined) throw usage(`${names[fault.option]}: ${fault.message}`);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { urls, ...Object.fromEntries(given), optionName: (option) => names[option] };
}

/** Never shows the URL where it may hold a password. */
function checkedUrl(url: string): string {
  if (!URL.canParse(url))
    throw usage(`--marathon: must be a URL such as http://10.0.0.1:8080, got ${shownUrl(url)}`);
  const { protocol, username, password } = new URL(url);
  if (username !== "" || password !== "") {
    throw usage("--marathon: must not hold a user or password, use --user and MARATHON_PASSWORD");
  }
  if (protocol !== "http:" && protocol !== "https:") {
    throw usage(`--marathon: must begin with http:// or https://, got ${shownUrl(url)}`);
  }
  return url.replace(/\/+$/, "");
}

/** A file without its last line break. */
export function contents(flag: string, directory: string, file: string): string {
  try {
    return readFileSync(path.resolve(directory, file), "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw usage(`${flag}: cannot be read: ${messageOf(error)}`, error);
  }
}

export function usage(message: string, cause?: unknown): MesosError {
  return new MesosError("MESOS_CLI_USAGE", message, { cause });
}
