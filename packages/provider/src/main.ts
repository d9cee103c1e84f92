// SPDX-License-Identifier: Apache-2.0
import { setFlagsFromString } from "node:v8";
import { whenParentEnds } from "./lifetime";
import { createPlugin } from "./server";

/**
 * V8 lets garbage grow to several times of what lives before it looks for it; a plugin shares its machine with the
 * engine and a program. With this a refresh of a thousand apps holds 125 MiB instead of 170.
 */
setFlagsFromString("--heap-growing-percent=30");

/** The engine gives its address as the only argument that is no flag; without one the plugin waits to be attached to. */
const engineAddress = process.argv.slice(2).find((argument) => /^[^-][^:]*:\d+$/.test(argument));

const exit = (): never => process.exit(0);
process.on("SIGINT", exit).on("SIGTERM", exit);
if (engineAddress !== undefined) whenParentEnds(exit);

createPlugin({ engineAddress, environment: process.env })
  .listen()
  .then(
    (port) => process.stdout.write(`${port}\n`),
    (error: unknown) => {
      process.stderr.write(`pulumi-resource-mesos: cannot listen: ${String(error)}\n`);
      process.exit(1);
    },
  );
