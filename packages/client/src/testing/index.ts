// SPDX-License-Identifier: Apache-2.0
export { type SmallDisk, smallDisk, whyNoSmallDisk } from "./small-disk";
export { missingSsh, SshServer, type Stranger } from "./ssh-server";
