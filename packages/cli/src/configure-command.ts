// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import type { ReadOptions, Surroundings } from "./cli";
import { connectionOf } from "./connection";
import { planImport, secretsOf } from "./plan";
import { setConfig } from "./pulumi-config";
import { readMarathon } from "./read-marathon";

/** What `pulumi-mesos configure` is told. */
export interface ConfigureOptions extends ReadOptions {
  readonly stack?: string;
  readonly cwd: string;
}

/** Sets what an imported program reads from the stack's configuration. */
export async function configureCommand(options: ConfigureOptions, around: Surroundings): Promise<void> {
  const connection = connectionOf(options, around);
  const plan = planImport(await readMarathon(connection, options.group, around.signal));
  const entries = [
    { key: "mesos:marathonUrls", value: JSON.stringify(connection.urls), secret: false },
    ...given("mesos:marathonUser", connection.user, false),
    ...given("mesos:marathonPassword", connection.password, true),
    ...given("mesos:marathonToken", connection.token, true),
    ...given("mesos:marathonCa", connection.ca, false),
    ...given("mesos:marathonCert", connection.cert, false),
    ...given("mesos:marathonKey", connection.key, true),
    ...given("mesos:marathonInsecure", connection.insecure?.toString(), false),
    ...secretsOf(plan).map((entry) => ({ ...entry, secret: true })),
  ];
  const place = {
    directory: path.resolve(around.directory, options.cwd),
    environment: around.environment,
    signal: around.signal,
    stack: options.stack,
  };
  for (const entry of entries) {
    await setConfig(entry, place);
    around.out(`set ${entry.key}${entry.secret ? " (secret)" : ""}`);
  }
}

function given(key: string, value: string | undefined, secret: boolean) {
  return value === undefined ? [] : [{ key, value, secret }];
}
