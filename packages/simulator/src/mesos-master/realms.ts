// SPDX-License-Identifier: Apache-2.0
import { basicAuthentication, type Credentials } from "../http";
import type { MasterFlags } from "./flags";

const changing =
  /^\/(?:api\/v1(?:\/.*)?|maintenance\/(?:schedule|status)|machine\/(?:up|down)|reserve|unreserve|create-volumes|destroy-volumes|quota(?:\/.*)?|weights|teardown|logging\/toggle)$/;
const reading =
  /^\/(?:state|state-summary|slaves(?:\/.*)?|frameworks|tasks|roles|flags|metrics\/snapshot|files\/.*|simulator\/masters)(?:\.json)?$/;

/** Which realm guards a path, as far as the flags ask for authentication (mesos.md 2.6). */
export function masterRealm(flags: MasterFlags): (path: string) => string | undefined {
  return (whole) => {
    const path = whole.replace(/^\/master(?=\/)/, "").replace(/(.)\/$/, "$1");
    if (/^\/api\/v1\/scheduler(?:\/|$)/.test(path)) {
      return flags.authenticate_http_frameworks ? "mesos-master-scheduler" : undefined;
    }
    if (changing.test(path)) return flags.authenticate_http_readwrite ? "mesos-master-readwrite" : undefined;
    return reading.test(path) && flags.authenticate_http_readonly ? "mesos-master-readonly" : undefined;
  };
}

export function masterAuthentication(flags: MasterFlags): ReturnType<typeof basicAuthentication> {
  const none: Credentials = new Map();
  return basicAuthentication(flags.credentials ?? none, masterRealm(flags));
}
