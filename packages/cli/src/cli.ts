// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from "commander";
import { addClusterCommands } from "./cluster-commands";
import { type ConnectionArguments, connectionFlags, credentialsHelp, marathonFlag } from "./connection";

/** What surrounds one run of the program. */
export interface Surroundings {
  /** Where relative paths begin. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly signal: AbortSignal;
}

const exitCodes = `
Exit codes: 0 done, 1 failed (the line says why), 2 wrong usage.`;

/**
 * Runs `pulumi-mesos` with these arguments and answers its exit code: 0 done, 1 failed, 2 wrong usage; `status` and
 * `validate` answer with theirs.
 *
 * Only what a command needs is loaded, when it runs.
 */
export async function runCli(argv: readonly string[], around: Surroundings): Promise<number> {
  let code = 0;
  try {
    await commands(around, (verdict) => {
      code = verdict;
    }).parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { isMesosError, messageOf } = await import("@pulumi-mesos/model");
    around.err(`error: ${messageOf(error)}`);
    return isMesosError(error) && error.code === "MESOS_CLI_USAGE" ? 2 : 1;
  }
}

function commands(around: Surroundings, end: (code: number) => void): Command {
  const write = (print: (line: string) => void) => (text: string) => print(text.replace(/\n$/, ""));
  const program = new Command("pulumi-mesos")
    .description(
      "Looks after a Mesos installation that Pulumi made, and brings what runs on a Marathon under Pulumi.",
    )
    .version((require("../package.json") as { version: string }).version)
    .configureOutput({ writeOut: write(around.out), writeErr: write(around.err) })
    .exitOverride()
    .addHelpText("after", exitCodes);

  connected(program.command("import"))
    .summary("write a program and an import file for everything that runs on a Marathon")
    .description(
      "Writes a TypeScript program, the file that `pulumi import --file` takes, and, in a folder without a Pulumi project, " +
        "the project around them. Nothing on Marathon is changed. Values that look like secrets are not written: the " +
        "program reads them from the stack's configuration, which `pulumi-mesos configure` sets.",
    )
    .option("--out <directory>", "where to write", ".")
    .option("--force", "overwrite a program and an import file that are there")
    .addHelpText("after", `${credentialsHelp}\n${exitCodes}`)
    .action(async (options) => (await import("./import-command.js")).importCommand(options, around));

  connected(program.command("configure"))
    .summary("set the stack's configuration that an imported program reads")
    .description(
      "Sets Marathon's addresses and credentials, and the values that `pulumi-mesos import` left out because they look " +
        "like secrets. They go from Marathon straight to `pulumi config set --secret` and are never shown. What the stack " +
        "has under the same keys is overwritten.",
    )
    .option("--stack <name>", "the stack to configure (default: the selected one)")
    .option("--cwd <directory>", "the folder of the Pulumi project", ".")
    .addHelpText("after", `${credentialsHelp}\n${exitCodes}`)
    .action(async (options) => (await import("./configure-command.js")).configureCommand(options, around));
  addClusterCommands(program, around, end);
  return program;
}

/** Says which Marathon is meant, and which part of it. */
function connected(command: Command): Command {
  return connectionFlags(command.addOption(marathonFlag().makeOptionMandatory())).option(
    "--group <path>",
    "only what is in this group",
    "/",
  );
}

/** What `import` and `configure` are told about the Marathon that it reads. */
export interface ReadOptions extends ConnectionArguments {
  readonly group: string;
}
