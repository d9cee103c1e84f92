// SPDX-License-Identifier: Apache-2.0
// An entry of its own, because what it needs takes a while to load and most programs never issue a certificate.
export {
  authorityFault,
  deriveAuthority,
  type Identity,
  issue,
  issueAuthority,
  type Range,
  type Subject,
} from "./certificates";
export { keySeedLength } from "./keys";
export { keystore } from "./keystore";
