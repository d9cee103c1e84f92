// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import path from "node:path";
import {
  type AutoscalePolicy,
  checkAutoscalePolicy,
  describeFailures,
  type Failure,
  fillAutoscalePolicy,
  isMesosError,
  MesosError,
  messageOf,
} from "@pulumi-mesos/model";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Policies } from "../world";
import { type AutoscalerName, autoscalers, compare } from "./compare";
import { traceOfCsv } from "./csv";
import { type Family, families, generate } from "./generate";
import { reportLines } from "./report";
import { decodeTrace, type Trace } from "./trace";

/** What surrounds one run of the command. */
export interface Surroundings {
  /** Where relative paths begin. */
  readonly directory: string;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

interface ReplayOptions {
  readonly trace: string;
  readonly policy: string;
  readonly against: readonly AutoscalerName[];
  readonly seed: number;
  readonly json?: boolean;
}

/** Runs `autoscale:simulate` with these arguments; its exit code: 0 done, 1 failed, 2 wrong usage. */
export function runSimulation(argv: readonly string[], around: Surroundings): number {
  const program = commands(around);
  const [word = "--"] = argv;
  const known = [...program.commands.map((command) => command.name()), "help"];
  if (!word.startsWith("-") && !known.includes(word)) {
    around.err(`error: there is no command ${JSON.stringify(word)}; there are ${known.join(", ")}`);
    return 2;
  }
  try {
    program.parse([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!isMesosError(error)) throw error;
    around.err(`error: ${messageOf(error)}`);
    return 1;
  }
}

function commands(around: Surroundings): Command {
  const write = (print: (line: string) => void) => (text: string) => print(text.replace(/\n$/, ""));
  const names = Object.keys(autoscalers);
  const program = new Command("autoscale:simulate")
    .description("Replays a trace of tasks against the autoscaling policy in simulated time.")
    .configureOutput({ writeOut: write(around.out), writeErr: write(around.err) })
    .exitOverride();
  program
    .command("replay", { isDefault: true })
    .description("Replays a trace; so does the command without a name.")
    .requiredOption("--trace <file>", "the trace, as `generate` and `convert` print it")
    .requiredOption("--policy <file>", "JSON: the policy of each group by its name")
    .addOption(
      new Option("--against <name,…>", `also replay it against these: ${names.join(", ")}`)
        .argParser(autoscalerNames)
        .default([], "none"),
    )
    .option("--seed <number>", "luck of the placement", whole, 1)
    .option("--json", "print JSON")
    .action((options: ReplayOptions) => replay(options, around));
  program
    .command("generate")
    .description("Prints a made-up trace; the same options print the same.")
    .addOption(new Option("--family <family>", "its kind of load").choices(families).makeOptionMandatory())
    .option("--seed <number>", "which one", whole, 1)
    .option("--agents <number>", "how many agents the average load takes", whole, 30)
    .option("--hours <number>", "how long, after two hours that warm up", whole, 24)
    .option("--boot-seconds <number>", "how long an agent boots", whole, 180)
    .action((options: { family: Family; seed: number; agents: number; hours: number; bootSeconds: number }) =>
      around.out(JSON.stringify(generate(options))),
    );
  program
    .command("convert")
    .description(
      "Prints a trace of a demand in CSV: time (seconds, milliseconds since the epoch or a date), cpus.",
    )
    .requiredOption("--csv <file>", "CSV with a column of times and one of cpus")
    .option("--time-column <name>", "the column of times", "time")
    .option("--cpus-column <name>", "the column of demand in cpus", "cpus")
    .option("--task-cpus <number>", "cpus of the tasks that the demand is cut into", positive, 1)
    .option("--task-mem <number>", "memory of one, MiB", positive, 1024)
    .option("--agent-cpus <number>", "cpus of an agent", positive, 16)
    .option("--agent-mem <number>", "memory of an agent, MiB", positive, 65_536)
    .option("--boot-seconds <number>", "how long an agent boots", whole, 180)
    .action((options: { csv: string } & Parameters<typeof traceOfCsv>[1]) =>
      around.out(JSON.stringify(traceOfCsv(read(options.csv, around), options))),
    );
  return program;
}

function replay({ trace: file, policy, against, seed, json }: ReplayOptions, around: Surroundings): void {
  const trace = decodeTrace(readJson(file, around));
  const policies = policiesOf(readJson(policy, around), trace);
  const names = [...new Set<AutoscalerName>(["pulumi-mesos", ...against])];
  const comparison = compare(trace, policies, names, seed);
  if (json === true) around.out(JSON.stringify(comparison, undefined, 2));
  else for (const line of reportLines(comparison)) around.out(line);
}

/** The policies of a file: one for each group of the trace. */
function policiesOf(value: unknown, trace: Trace): Policies {
  const given = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const names = trace.groups.map(({ name }) => name);
  const failures = [
    ...names
      .filter((name) => given[name] === undefined)
      .map((name): Failure => ({ path: name, message: "must be given" })),
    ...Object.entries(given).flatMap(([name, policy]): Failure[] => {
      if (!names.includes(name))
        return [{ path: name, message: `no group of the trace, which has ${names.join(", ")}` }];
      return checkAutoscalePolicy(policy).map((f) => ({
        ...f,
        path: [name, f.path].filter((p) => p !== "").join("."),
      }));
    }),
  ];
  if (failures.length > 0)
    throw new MesosError("MESOS_GROUPS_POLICY", `policy: ${describeFailures(failures)}`);
  return Object.fromEntries(names.map((name) => [name, fillAutoscalePolicy(given[name] as AutoscalePolicy)]));
}

function read(file: string, { directory }: Surroundings): string {
  try {
    return readFileSync(path.resolve(directory, file), "utf8");
  } catch (cause) {
    throw new MesosError("MESOS_GROUPS_FILE", `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

function readJson(file: string, around: Surroundings): unknown {
  const text = read(file, around);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MesosError("MESOS_GROUPS_FILE", `${file} is not JSON: ${messageOf(cause)}`, { cause });
  }
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a number above 0.");
}

function autoscalerNames(text: string): AutoscalerName[] {
  const names = Object.keys(autoscalers);
  return text.split(",").map((name) => {
    if (names.includes(name)) return name as AutoscalerName;
    throw new InvalidArgumentError(`There are ${names.join(", ")}.`);
  });
}
