// SPDX-License-Identifier: Apache-2.0
import type { Software } from "@pulumi-mesos/model";

/** Which executable serves each program on this machine: the first words of its command line. */
export type Distribution = Readonly<Record<Software, readonly string[]>>;

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
