// SPDX-License-Identifier: Apache-2.0

interface CheckTimes {
  readonly delaySeconds: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
}

/** When `TaskInfo.check` is done, of an app or of a pod's container. */
export function checkTimes(check: CheckTimes) {
  return {
    delay_seconds: check.delaySeconds,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
  };
}

/** When `TaskInfo.health_check` is done, and how many failures it takes. */
export function healthCheckTimes(
  check: CheckTimes & { readonly maxConsecutiveFailures: number; readonly gracePeriodSeconds: number },
) {
  return {
    ...checkTimes(check),
    consecutive_failures: check.maxConsecutiveFailures,
    grace_period_seconds: check.gracePeriodSeconds,
  };
}
