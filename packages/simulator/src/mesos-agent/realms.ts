// SPDX-License-Identifier: Apache-2.0
import { basicAuthentication } from "../http";
import type { AgentFlags } from "./flags";

const reading =
  /^\/(?:state|flags|metrics\/snapshot|files\/.*|containers|monitor\/statistics)(?:\.json)?\/?$/;
const changing = /^\/(?:api\/v1(?!\/executor)(?:\/.*)?|logging\/toggle)\/?$/;

/** Asks for credentials where the flags want them (mesos.md 2.6). */
export function agentAuthentication(flags: AgentFlags): ReturnType<typeof basicAuthentication> {
  return basicAuthentication(flags.http_credentials ?? new Map(), (whole) => {
    const path = whole.replace(/^\/slave(?:\(1\)|%281%29)(?=\/)/i, "");
    if (changing.test(path)) return flags.authenticate_http_readwrite ? "mesos-agent-readwrite" : undefined;
    return reading.test(path) && flags.authenticate_http_readonly ? "mesos-agent-readonly" : undefined;
  });
}
