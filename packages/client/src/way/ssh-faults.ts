// SPDX-License-Identifier: Apache-2.0
import type { SshAccess } from "@pulumi-mesos/model";
import { AccessError } from "../errors";

interface Fault {
  readonly when: RegExp;
  /** In the user's words; `line` is the one of ssh that says it. */
  readonly message: (target: string, line: string) => string;
}

/** What trying again does not mend. */
const faults: readonly Fault[] = [
  {
    when: /\bssh: (not found|command not found|No such file)/,
    message: () => "there is no program ssh here; install OpenSSH's client",
  },
  {
    when: /\baws: (not found|command not found|No such file)/,
    message: () =>
      "there is no program aws here, which Session Manager needs; install the AWS CLI, version 2",
  },
  {
    when: /SessionManagerPlugin is not found/,
    message: () => "the AWS CLI has no session-manager-plugin here; install it",
  },
  {
    when: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    message: (target) =>
      `${target} shows another host key than known_hosts has; find out why, for somebody may stand between`,
  },
  {
    when: /host key is known for|Host key verification failed/,
    message: (target) =>
      `the host key of ${target} is not known here; sign in once by hand, compare it, and so add it to known_hosts`,
  },
  {
    when: /Permission denied \(|Too many authentication failures|No supported authentication/,
    message: (target, line) =>
      `${target} refuses the login (${line}); ssh -o BatchMode=yes must sign in there without a question`,
  },
  {
    when: /Unable to locate credentials|\bSSO\b|token from sso|\((Expired\w+|InvalidClientTokenId|UnrecognizedClientException)\)/,
    message: (_, line) =>
      `the AWS CLI has no valid credentials here (${line}); sign in so that aws sts get-caller-identity answers, or name a profile by AWS_PROFILE`,
  },
  {
    when: /An error occurred \(|could not be found|must specify a region/,
    message: (target, line) => `Session Manager does not lead to ${target}: ${line}`,
  },
  {
    when: /Bad configuration option|Can't open user config file|Bad owner or permissions|terminating, \d+ bad/,
    message: (_, line) => `ssh cannot read its configuration: ${line}`,
  },
];
/** What ssh says besides when what it started has failed. */
const echo =
  /^(Connection closed by UNKNOWN|kex_exchange_identification|banner exchange|ssh_exchange_identification)/;

/** Why there is no tunnel, from what ssh has said. */
export function sshFault({ host, user }: SshAccess, said: readonly string[]): AccessError {
  const lines = said.filter((line) => line.trim() !== "");
  const target = user === undefined ? host : `${user}@${host}`;
  for (const { when, message } of faults) {
    const line = lines.find((one) => when.test(one));
    if (line !== undefined) return new AccessError(`access: ${message(target, line.trim())}`, false);
  }
  const last = lines.filter((line) => !echo.test(line)).at(-1) ?? lines.at(-1) ?? "it ended without a word";
  return new AccessError(`access: no tunnel to ${target}: ${last.trim()}`, true);
}
