// SPDX-License-Identifier: Apache-2.0
import { machineHooks, noticeLabel } from "@pulumi-mesos/model";
import { quote } from "./shell";

/** The machine of an agent that looks for what its metadata say about its end. */
export interface WatchedMachine {
  readonly region: string;
  /** Its auto-scaling group. */
  readonly group: string;
}

/** Name of the unit that runs the watcher. */
export const watchUnit = "pulumi-mesos-watch.service";

/**
 * Looks every five seconds, as AWS recommends, and says by a tag what there is: the time at which a spot machine is interrupted, that
 * somebody ends it, or that it may be interrupted soon. The controller of agent groups does the rest. An end waits at the group's
 * hook as long as this goes on, so that only a machine that has died itself is not waited for.
 */
export function watchScript({ region, group }: WatchedMachine): string {
  const hook = `--lifecycle-hook-name ${machineHooks.drained} --auto-scaling-group-name ${quote(group)}`;
  return [
    "#!/bin/bash",
    "set -uo pipefail",
    "metadata=http://169.254.169.254/latest",
    'look() { curl -sf -m 2 -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"; }',
    "said=",
    "held=0",
    "while sleep 5; do",
    '  token=$(curl -sf -m 2 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $metadata/api/token) || continue',
    "  id=$(look instance-id) || continue",
    "  notice=",
    "  if action=$(look spot/instance-action); then",
    `    notice="interruption $(sed -n 's/.*"time" *: *"\\([^"]*\\)".*/\\1/p' <<<"$action")"`,
    '  elif [ "$(look autoscaling/target-lifecycle-state)" = Terminated ]; then',
    "    notice=termination",
    "    if ((SECONDS >= held)); then",
    `      aws autoscaling record-lifecycle-action-heartbeat --region ${quote(region)} ${hook} --instance-id "$id" && held=$((SECONDS + 300))`,
    "    fi",
    "  elif look events/recommendations/rebalance >/dev/null; then",
    "    notice=rebalance",
    "  fi",
    '  if [ -n "$notice" ] && [ "$notice" != "$said" ]; then',
    `    aws ec2 create-tags --region ${quote(region)} --resources "$id" --tags "Key=${noticeLabel},Value=$notice" && said=$notice`,
    "  fi",
    "done",
    "",
  ].join("\n");
}

/** It has nothing to do with the program's container, so that it goes on when that does not. */
export function watchUnitFile(script: string): string {
  return [
    "[Unit]",
    "Description=pulumi-mesos: what is said about the end of this machine",
    "Wants=network-online.target",
    "After=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    `ExecStart=${script}`,
    "Restart=always",
    "RestartSec=2",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
