// SPDX-License-Identifier: Apache-2.0

const withStack = new Set(["cancel", "config", "console", "destroy", "import", "logs", "preview", "refresh"]);
const changing = new Set(["destroy", "import", "refresh", "up", "update"]);
for (const name of ["state", "stack", "up", "update", "watch"]) withStack.add(name);
const stackless = new Set(["init", "ls", "new", "rm", "select", "unselect"]);

function isHelp(args) {
  return args.includes("--help") || args.includes("-h") || args.includes("-C") || args.includes("--cwd");
}

/** Whether the command works on the selected stack, so that there has to be one. Those that pick a stack do not. */
export function needsStack(args) {
  if (isHelp(args) || !withStack.has(args[0])) return false;
  return args[0] !== "stack" || !stackless.has(args[1]);
}

/** Whether the command takes the stack's lock. */
export function changesStack(args) {
  return changing.has(args[0]) && !isHelp(args);
}
