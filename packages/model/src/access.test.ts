// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { accessFault, parseAccess } from "./access";

describe("how a cluster is reached", () => {
  const right = {
    direct: { by: "direct" },
    "socks5://127.0.0.1:1080": { by: "socks", host: "127.0.0.1", port: 1080 },
    "ssh://bastion": { by: "ssh", host: "bastion" },
    "ssh://ec2-user@203.0.113.7:2222": { by: "ssh", user: "ec2-user", host: "203.0.113.7", port: 2222 },
    "ssh://me@[2001:db8::1]:22": { by: "ssh", user: "me", host: "2001:db8::1", port: 22 },
    "ssh://me@bastion?config=/home/me/.ssh/mesos": {
      ...{ by: "ssh", user: "me", host: "bastion", config: "/home/me/.ssh/mesos" },
    },
    "ssm://ec2-user@i-0123456789abcdef0?region=eu-central-1": {
      ...{ by: "ssm", user: "ec2-user", host: "i-0123456789abcdef0", region: "eu-central-1" },
    },
  };
  for (const [text, access] of Object.entries(right)) {
    it(`reads ${text}`, () => {
      equal(accessFault(text), undefined);
      deepEqual(parseAccess(text), access);
    });
  }

  const wrong: Readonly<Record<string, RegExp>> = {
    bastion: /^must be "direct", "socks5/,
    "http://proxy:3128": /^must be "direct"/,
    "socks5://proxy": /^must be "socks5:\/\/host:port"/,
    "socks5://me:hunter22@proxy:1080": /must not hold a password/,
    "ssh://me:hunter22@bastion": /must not hold a password/,
    "ssh://-oProxyCommand=id@bastion": /^must be "direct"/,
    "ssh://me@-oProxyCommand=id": /^must be "direct"/,
    "ssh://a;b@bastion": /^must be "direct"/,
    "ssh://bastion/path": /^must be "direct"/,
    "ssh://bastion?identity=/key": /knows no \?identity=, only config; ssh_config/,
    "ssh://bastion?config=mine": /absolute path/,
    "ssm://ec2-user@bastion": /^must be "direct"/,
    "ssm://ec2-user@i-0123?region=$(id)": /such as eu-central-1/,
  };
  for (const [text, message] of Object.entries(wrong)) {
    it(`refuses ${text}`, () => {
      const fault = accessFault(text) ?? "";
      match(fault, message);
      equal(fault.includes("hunter22"), false, "never shows a password");
    });
  }

  it("refuses what is no text", () => {
    match(accessFault({ ssh: "bastion" }) ?? "", /^must be "direct"/);
  });
});
