// SPDX-License-Identifier: Apache-2.0
export { chromiumPath, TestBrowser, type TestPage } from "./browser";
