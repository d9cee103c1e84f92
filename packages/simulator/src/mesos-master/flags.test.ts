// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { valuesOf } from "../test-cluster.test";
import { masterFlags, validateMasterFlags } from "./flags";

const wrong = (...argv: string[]): string => validateMasterFlags(valuesOf(masterFlags, argv)).join("\n");

describe("mesos-master: start-up validations (mesos.md 2.6)", () => {
  it("accepts what a real installation gives", () => {
    assert.equal(
      wrong(
        "--zk=zk://a:1,b:2,c:3/mesos",
        "--quorum=2",
        "--work_dir=/w",
        "--no-hostname_lookup",
        "--log_dir=/l",
      ),
      "",
    );
  });

  it("fails when work_dir, quorum or the path is missing, or a duration is out of bounds", () => {
    assert.match(wrong(), /--work_dir needed/);
    assert.match(wrong("--zk=zk://a:1/mesos", "--work_dir=/w"), /--quorum/);
    assert.match(wrong("--zk=zk://a:1/", "--quorum=1", "--work_dir=/w"), /Expecting a \(chroot\) path/);
    assert.match(wrong("--work_dir=/w", "--agent_reregister_timeout=5mins"), /Must be at least 10mins/);
    assert.match(wrong("--work_dir=/w", "--agent_ping_timeout=20mins"), /between 1secs and 15mins/);
    assert.match(
      wrong("--zk=zk://a:1/m", "--quorum=1", "--work_dir=/w", "--agent_ping_timeout=1secs"),
      /zk_session_timeout/,
    );
    assert.match(wrong("--work_dir=/w", "--authenticate_agents"), /requires a credentials file/);
    assert.match(wrong("--work_dir=/w", "--modules=/m"), /--modules is not simulated/);
    assert.match(wrong("--work_dir=/w", "--ip=127.0.0.1", "--ip_discovery_command=x"), /Only one of/);
  });
});
