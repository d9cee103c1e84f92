// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import { runEngine, type StackPlace } from "./engine";

/** One value of a stack's configuration. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
  readonly secret: boolean;
}

/** Runs `pulumi config set` with the value on its standard input. */
export async function setConfig({ key, value, secret }: ConfigEntry, place: StackPlace): Promise<void> {
  const args = ["config", "set", secret ? "--secret" : "--plaintext", "--", key];
  // The engine takes one line break off the end.
  const { problem } = await runEngine(args, place, `${value}\n`);
  if (problem !== undefined) {
    throw new MesosError("MESOS_CLI_CONFIG", `pulumi config set ${key}: ${problem}`);
  }
}
