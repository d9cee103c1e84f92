// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import type { Surroundings } from "./cli";
import { connectionFlags, credentialsHelp, listed, marathonFlag } from "./connection";
import { keyFlags, keysHelp } from "./member-keys";

const where = `
Without addresses they are taken from the state of the Pulumi stack in this folder
(\`pulumi stack export\`, with the engine on PATH); with any address, from the
flags alone.`;

const statusCodes = `
Exit codes: 0 all well, 1 degraded (the lines with ! say what), 2 cannot tell: something
could not be asked (?), nobody answers, or wrong usage.`;
const validateCodes = `
Exit codes: 0 safe to change, 1 not now (the lines with ! say why), 2 cannot tell:
something could not be asked (?), nobody answers, or wrong usage.`;

/** Commands that look after a running installation. */
export function addClusterCommands(
  program: Command,
  around: Surroundings,
  end: (code: number) => void,
): void {
  placed(program.command("status"))
    .summary("show who runs, who leads and what is wrong")
    .description(
      "Shows ZooKeeper, masters with their agents, Marathon with its apps and deployments, agent groups and edges on one screen.",
    )
    .option("--json", "print what was seen and found as JSON")
    .addHelpText("after", `${where}\n${credentialsHelp}${keysHelp}\n${statusCodes}`)
    .action(async (options) =>
      end(await (await import("./status-command.js")).statusCommand(options, around)),
    );

  placed(program.command("validate"))
    .summary("say whether it is safe to change the installation now, and why not")
    .description(
      "Not safe is a change while an ensemble could not spare a member, a deployment runs, an agent group is being changed, agents are lost, or an edge reports errors.",
    )
    .option("--json", "print what was seen and found as JSON")
    .addHelpText("after", `${where}\n${credentialsHelp}${keysHelp}\n${validateCodes}`)
    .action(async (options) =>
      end(await (await import("./status-command.js")).validateCommand(options, around)),
    );

  stacked(program.command("explain"))
    .argument(
      "<name>",
      "name of an agent group, such as web, or id of an app that follows its traffic, such as /shop",
    )
    .summary("say why an agent group or an app has the size it has")
    .description(
      "Prints between which sizes a group or an app keeps itself, its last decisions with their reasons, and of a group the tasks that wait for an agent.",
    )
    .option("-n, --decisions <count>", "how many of the last decisions", "10")
    .option("--json", "print the whole report as JSON")
    .action(async (group, options) =>
      (await import("./explain-command.js")).explainCommand(group, options, around),
    );

  stacked(program.command("logs"))
    .argument("<node>", "name of a node, such as demo-masters-1")
    .summary("print the log of a node or agent, on this machine or on Docker")
    .description(
      "Prints what a node's program wrote to stdout and stderr: on the local platform as its supervisor keeps it, on the machine where it runs; on Docker by docker logs, on the Docker host of the stack or of DOCKER_HOST.",
    )
    .option("-f, --follow", "go on with what is written from now on, until Ctrl-C")
    .option("-n, --lines <count>", "how many of the last lines", "100")
    .action(async (node, options) => (await import("./logs-command.js")).logsCommand(node, options, around));

  stacked(program.command("ui"))
    .argument("[name]", "one of them: mesos, marathon, or an output of the stack")
    .summary("print the addresses of the web pages")
    .description("Prints where Mesos' and Marathon's pages are, and the stack's outputs that are addresses.")
    .option("--open", "open the named one, or else Mesos', in the browser")
    .action(async (name, options) => (await import("./ui-command.js")).uiCommand(name, options, around));
}

/** Says which stack is meant. */
function stacked(command: Command): Command {
  return command
    .option("--stack <name>", "the stack (default: the selected one)")
    .option("--cwd <directory>", "the folder of the Pulumi project", ".");
}

/** Says which stack is meant, or where things are. */
function placed(command: Command): Command {
  const placedBy = connectionFlags(
    stacked(command)
      .option("--zk <host:port>", "ZooKeeper's servers, by commas or repeated", listed)
      .option("--masters <host:port>", "Mesos masters", listed)
      .addOption(marathonFlag())
      .option("--edge <host:port>", "the API of edges", listed),
  );
  return keyFlags(placedBy);
}
