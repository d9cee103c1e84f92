// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from "node:crypto";
import { systemClock } from "../clock";
import { parseFlags, usageOf } from "../flags";
import { mesosVersion } from "../protocol/types";
import { surroundingsIn } from "../surroundings";
import { agentFlags, validateAgentFlags } from "./flags";
import { AgentProgram } from "./program";

const source = {
  program: "mesos-agent",
  version: `mesos ${mesosVersion}`,
  argv: process.argv.slice(2),
  env: process.env,
  envPrefix: "MESOS_",
  style: "mesos",
} as const;
const log = (message: string): void => console.log(`${new Date().toISOString()} ${message}`);
const exit = (code: number, message: string): never => {
  if (code !== 0) process.stderr.write(`${message}\n`);
  process.exit(code);
};

const parsed = parseFlags(agentFlags, source);
if (parsed.kind === "print") {
  process.stdout.write(parsed.text);
} else if (parsed.kind === "fail") {
  exit(1, parsed.text);
} else {
  const wrong = validateAgentFlags(parsed.values);
  if (wrong.length > 0) exit(1, `${wrong.join("\n")}\n\n${usageOf(agentFlags, source)}`);
  const { values: flags, texts } = parsed;
  const program = new AgentProgram({
    flags,
    texts,
    clock: systemClock,
    uuid: randomUUID,
    around: surroundingsIn(process.env, (message) => exit(1, message)),
    log,
    onExit: exit,
    env: process.env,
  });
  const failed = (error: Error): never => exit(1, error.message);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void program.close().then(() => exit(0, ""), failed));
  }
  process.once("SIGUSR1", () => void program.agent?.shutdown("received SIGUSR1").catch(failed));
  program.start().catch(failed);
}
