// SPDX-License-Identifier: Apache-2.0
import type { Software } from "@pulumi-mesos/model";
import { validate } from "./invalid-args-error";

/** What serves each program; a Bamboo is the user's own, so that none is known beforehand. */
export type ProgramsOf<Program> = Readonly<Record<Exclude<Software, "bamboo">, Program>> & {
  readonly bamboo?: Program;
};

/** Which executable serves each program on this machine: the first words of its command line. */
export type Distribution = ProgramsOf<readonly string[]>;

/** What serves `software`; a Bamboo that nobody named is refused in one line. */
export function programIn<Program>(
  distribution: ProgramsOf<Program>,
  software: Software,
  example: string,
): Program {
  const program = distribution[software];
  const rule = {
    path: "platform.distribution.bamboo",
    when: program === undefined,
    message: `is missing, because a Bamboo is your own; name it: distribution: { ...simulator, bamboo: ${example} }`,
  };
  validate(undefined, [rule]);
  return program as Program;
}

/**
 * ZooKeeper itself, and this project's stand-ins for Mesos and Marathon, found beside the plugin. A machine with the real
 * ones overrides them: `{ ...simulator, "mesos-master": ["/usr/sbin/mesos-master"] }`.
 */
export const simulator: Distribution = {
  zookeeper: ["zookeeper-server"],
  "mesos-master": ["mesos-master"],
  "mesos-agent": ["mesos-agent"],
  marathon: ["marathon"],
  edge: ["mesos-edge"],
  groups: ["mesos-agent-groups"],
};
