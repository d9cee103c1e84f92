// SPDX-License-Identifier: Apache-2.0
export { missingSsh, SshServer, type Stranger } from "./ssh-server";
