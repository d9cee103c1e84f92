// SPDX-License-Identifier: Apache-2.0
export { filesCall, isFilesCall } from "./calls";
export { type LogFile, logName, openLogFile } from "./log-file";
export { addFilesRoutes, type FilesView } from "./routes";
export { type Attached, attachedAbove } from "./virtual-files";
