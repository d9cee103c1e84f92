// SPDX-License-Identifier: Apache-2.0
// `node test/dist/upgrade/record.js FILE`, with engine and programs on PATH: makes the stack and records its state.
import { writeFileSync } from "node:fs";
import { TestStack } from "../support/test-stack";
import { everyType, recorded } from "./program";
import { portable } from "./recorded-state";

async function main(file: string): Promise<void> {
  const stack = await TestStack.create({ program: { source: everyType }, ...recorded });
  try {
    await stack.up();
    const state = await stack.ok("stack", "export");
    writeFileSync(file, portable(state, stack.directory));
  } finally {
    await stack.close();
  }
}

void main(process.argv[2] ?? "state.json");
