// SPDX-License-Identifier: Apache-2.0
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageSchema } from "./schema";

/** Writes `schema.json`: run as a program (`npm run schema`). */
async function main(): Promise<void> {
  const text = `${JSON.stringify(await packageSchema(), undefined, 2)}\n`;
  await writeFile(join(__dirname, "../schema.json"), text);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
