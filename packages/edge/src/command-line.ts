// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { Command } from "commander";
import { options, type RawOptions } from "./option-table";
import { gather } from "./options";

/** Reads flags (--help and unknown ones end the program), environment and the file that --config names. */
export function readCommandLine(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): RawOptions {
  const command = new Command("mesos-edge")
    .description("Routes HTTP traffic to Marathon's apps through HAProxy, by Bamboo's rules and API.")
    .showHelpAfterError()
    .allowExcessArguments(false);
  for (const o of options) {
    const help = `${o.help} [env ${o.env}]`;
    if (o.flag)
      command.option(`${o.flag} <value>`, o.default === undefined ? help : `${help} (default ${o.default})`);
  }
  const secrets = options.filter((o) => !o.flag).map((o) => `  ${o.env.padEnd(28)}${o.help}`);
  command.addHelpText("after", `\nBy environment only:\n${secrets.join("\n")}`);
  // Bamboo's flags have one dash.
  const ours = argv.map((word) => word.replace(/^-(?=(bind|config|log)(=|$))/, "--"));
  command.parse(ours, { from: "user" });
  const given: Record<string, string> = command.opts();
  const flags = Object.fromEntries(
    options.flatMap((o) => {
      const value = o.flag && given[camelCase(o.flag.slice(2))];
      return value === undefined || value === "" ? [] : [[o.name, value]];
    }),
  ) as RawOptions;
  const file = flags.config ?? env["CONFIG_PATH"];
  return gather(flags, env, file ? parseFile(file, readFile) : undefined);
}

function parseFile(path: string, readFile: (path: string) => string): unknown {
  try {
    return JSON.parse(readFile(path));
  } catch (error) {
    throw new MesosError("MESOS_EDGE_OPTIONS", `--config: ${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
