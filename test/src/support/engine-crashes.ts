// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { CrashPlugin } from "./crash-plugin";
import type { Moment, Signal, Verb } from "./crash-proxy";
import { killAll, type ProcessEntry } from "./processes";
import type { Outcome } from "./run";
import { TestStack } from "./test-stack";
import { assertNoneTwice } from "./whole-once";

/** As `Create mesos:local:Volume`, with a resource's name where another one of that type would come first. */
export type Call = `${Verb} mesos:${string}`;

type Command = "up" | "destroy";

/** A stack whose engine ends at the calls of the plugin that are named. */
export class EngineCrashes {
  readonly stack: TestStack;
  readonly #plugin: CrashPlugin;
  readonly #crashed = new Set<string>();

  private constructor(plugin: CrashPlugin, stack: TestStack) {
    this.#plugin = plugin;
    this.stack = stack;
  }

  static async create(program: string, octet: number): Promise<EngineCrashes> {
    const plugin = new CrashPlugin();
    const stack = await TestStack.create({
      program: { source: program },
      plugin: plugin.directory,
      config: { network: `127.${octet}.0.0/16` },
      secrets: { clusterSecret: "a-secret-of-thirty-two-characters" },
    });
    return new EngineCrashes(plugin, stack);
  }

  /** Every kind of changing call so far, such as `Create mesos:local:Volume`. */
  get calls(): string[] {
    return this.#plugin.calls;
  }

  /** Kinds of calls at which no engine ended: neither during the work nor after it. */
  get uncrashed(): string[] {
    const ended = (call: string, moment: Moment): boolean => this.#crashed.has(`${moment}: ${call}`);
    return this.#plugin.calls.filter(
      (call) => !ended(call, "during the work") && !ended(call, "after the work"),
    );
  }

  /** kill -9 between the plugin's work and the engine's knowledge of it, then `cancel`, for each call in turn. */
  async kill(command: Command, ...calls: Call[]): Promise<void> {
    for (const call of calls) {
      await this.#end(command, call, { signal: "SIGKILL", moment: "after the work" });
      await this.stack.ok("cancel", "--yes");
    }
  }

  /**
   * kill -9 while the plugin works, which ends with its engine, and between its work and the engine's knowledge of it, at every kind of
   * call that the command comes to, and `cancel`, until it ends by itself; answers where it was ended.
   */
  async killEverywhere(command: Command): Promise<string[]> {
    const except: string[] = [];
    for (;;) {
      this.#plugin.arm({ except, signal: "SIGKILL" });
      const outcome = await this.#run(command);
      const { fired } = this.#plugin;
      if (fired === undefined) {
        this.#plugin.disarm();
        assert.equal(outcome.code, 0, outcome.output);
        return except;
      }
      assert.notEqual(outcome.code, 0, `the engine went on ${fired}\n${outcome.output}`);
      except.push(fired);
      await this.stack.ok("cancel", "--yes");
    }
  }

  /** Ctrl-C while the plugin works and, for the next call, when it has just done; the engine clears its lock itself. */
  async interrupt(command: Command, during: Call, after?: Call): Promise<void> {
    await this.#end(command, during, { signal: "SIGINT", moment: "before the work" });
    if (after !== undefined) await this.#end(command, after, { signal: "SIGINT", moment: "after the work" });
  }

  async close(): Promise<void> {
    this.#plugin.disarm();
    await this.stack.close();
    this.#plugin.remove();
  }

  async #end(
    command: Command,
    call: Call,
    how: { readonly signal: Signal; readonly moment: Moment },
  ): Promise<void> {
    const [verb, type = "", name] = call.split(" ");
    this.#plugin.arm({ verb: verb as Verb, type, name, ...how });
    const outcome = await this.#run(command);
    assert.ok(this.#plugin.fired, `${call} was reached\n${outcome.output}`);
    // A destroy that is interrupted while nothing fails says that all is deleted, and leaves the rest in its state.
    const saysWell = command === "destroy" && how.signal === "SIGINT";
    if (!saysWell) assert.notEqual(outcome.code, 0, `the engine went on at ${call}\n${outcome.output}`);
  }

  async #run(command: Command): Promise<Outcome> {
    const outcome = await this.stack.pulumi([command, "--yes", "--skip-preview"]);
    const { fired } = this.#plugin;
    if (fired !== undefined) this.#crashed.add(fired);
    killAll(this.stack.processes().filter(isEnginesOwn));
    assertNoneTwice(this.stack);
    return outcome;
  }
}

/**
 * Whether a process runs the program for an engine, and is none of the stack. The language host looks only every few minutes whether
 * its engine lives, and a program whose host is gone may write to its closed pipe for ever, with all that a core can do.
 */
function isEnginesOwn({ argv }: ProcessEntry): boolean {
  const [command = ""] = argv;
  return (
    command.endsWith("/pulumi-language-nodejs") ||
    argv.some((arg) => arg.endsWith("/@pulumi/pulumi/cmd/run/index.js"))
  );
}
