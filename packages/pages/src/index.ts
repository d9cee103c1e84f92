// SPDX-License-Identifier: Apache-2.0
export { type StaticFile, type StaticFiles, sharedFiles, staticFolder } from "./static-files";
