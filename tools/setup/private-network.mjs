// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";

/** Every address of 10.0.0.0/8 is the machine's own there, as those of 127.0.0.0/8 are everywhere. */
const prepare = 'ip link set lo up && ip route add local 10.0.0.0/8 dev lo && exec "$@"';

/**
 * The words before a command that give it a network of its own, in which it may listen at any private address; none where
 * the machine allows no such network. Root has it at once, others as root of a user namespace.
 */
export function privateNetwork() {
  const ways = [["--net"], ["--user", "--map-root-user", "--net"]];
  const words = ways.map((options) => ["unshare", ...options, "sh", "-c", prepare, "sh"]);
  return words.find(([command, ...args]) => spawnSync(command, [...args, "true"]).status === 0) ?? [];
}
