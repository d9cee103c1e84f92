// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { TestStack } from "./test-stack";

/** A program whose provider `mine` has a Marathon that somebody else made; its settings come from the config. */
export function marathonProgram(body: string): string {
  return `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const provider = new mesos.Provider("mine", {
  marathonUrls: config.requireObject("marathonUrls"),
  marathonUser: config.get("marathonUser"),
  marathonPassword: config.getSecret("marathonPassword"),
});
${body}
`;
}

/** Gives a stack made from {@link marathonProgram} another body. */
export function rewrite(stack: TestStack, body: string): void {
  writeFileSync(path.join(stack.directory, "index.js"), marathonProgram(body));
}
