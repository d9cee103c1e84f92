// SPDX-License-Identifier: Apache-2.0
// The supervisor: `node main.js <directory>`. It is told what to run over its standard input and imports only what Node
// brings, because one of it runs beside every program.
import { closeSync, writeSync } from "node:fs";
import type { Answer, Assignment } from "./assignment";
import { timestamp } from "./clock";
import { supervise } from "./supervise";

let answered = false;

function answer(what: Answer): void {
  if (answered) return;
  answered = true;
  try {
    writeSync(3, `${JSON.stringify(what)}\n`);
    closeSync(3);
  } catch (error) {
    note(`nobody waits for the answer any more: ${String(error)}`);
  }
}

/** The log's last lines show what the supervisor did; a full disk must not end it. */
function note(line: string): void {
  try {
    writeSync(1, `[supervisor ${timestamp()}] ${line}\n`);
  } catch {
    process.exitCode = 1;
  }
}

let told = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  told += String(text);
});
process.stdin.on("end", () => {
  let assignment: Assignment;
  try {
    assignment = JSON.parse(told) as Assignment;
  } catch {
    process.exit(1); // Whoever started us was killed before it had told us everything: the next start begins anew.
  }
  told = "";
  process.umask(0o022);
  process.chdir("/");
  const running = supervise(assignment, { answer, note, exit: (code) => process.exit(code) });
  process.on("SIGTERM", () => running.stop());
  process.on("SIGINT", () => running.stop());
});
process.on("SIGHUP", () => {});
