// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  basicAuthorization,
  bearerAuthorization,
  credentialFile,
  credentialRole,
  credentialsFile,
  type Door,
  deriveCredential,
  doors,
  fingerprintOf,
  type UserOf,
  userAndPassword,
  zookeeperUrl,
} from "./credentials";

const text = fc.string({ minLength: 1, maxLength: 40 });
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);

/** Every role of a cluster. */
function rolesOf(cluster: string): string[] {
  return (Object.keys(doors) as Door[]).flatMap((door) =>
    doors[door].map((user) => credentialRole(cluster, door, user as UserOf<typeof door>)),
  );
}

describe("deriveCredential", () => {
  const stack = { project: "p", stack: "s" };

  it("gives the same 256 bits for the same secret, stack and role", () => {
    fc.assert(
      fc.property(text, name, name, text, (secret, project, stackName, role) => {
        const of = { project, stack: stackName };
        const credential = deriveCredential(secret, of, role);
        assert.equal(credential, deriveCredential(secret, of, role));
        assert.equal(Buffer.from(credential, "base64url").length, 32);
      }),
    );
  });

  it("differs by secret, stack and role", () => {
    const all = [
      deriveCredential("secret", stack, "a"),
      deriveCredential("secret", stack, "b"),
      deriveCredential("other", stack, "a"),
      deriveCredential("secret", { project: "p", stack: "t" }, "a"),
    ];
    assert.equal(new Set(all).size, all.length);
  });

  it("gives every user of every door a credential of its own, in every cluster of a stack", () => {
    fc.assert(
      fc.property(text, fc.uniqueArray(name, { minLength: 2, maxLength: 3 }), (secret, clusters) => {
        const roles = clusters.flatMap(rolesOf);
        const all = roles.map((role) => deriveCredential(secret, stack, role));
        assert.equal(new Set(all).size, roles.length);
      }),
      { numRuns: 25 },
    );
  });

  it("says nothing that a file, a URL, a header or a shell reads as its own", () => {
    fc.assert(
      fc.property(text, text, (secret, role) =>
        assert.match(deriveCredential(secret, stack, role), /^[A-Za-z0-9_-]{43}$/),
      ),
    );
  });
});

describe("what programs are told of a credential", () => {
  const joe = { user: "joe", password: "pass" };

  it("is written as Mesos, Marathon and HTTP read it", () => {
    assert.equal(credentialsFile([joe]), '{"credentials":[{"principal":"joe","secret":"pass"}]}\n');
    assert.equal(credentialFile(joe), '{"principal":"joe","secret":"pass"}\n');
    assert.equal(userAndPassword(joe), "joe:pass");
    assert.equal(basicAuthorization(joe), "Basic am9lOnBhc3M=");
    assert.equal(bearerAuthorization("token"), "Bearer token");
  });

  it("goes into URLs of ZooKeeper alone", () => {
    assert.equal(zookeeperUrl(joe, "zk://a:2181,b:2181/mesos"), "zk://joe:pass@a:2181,b:2181/mesos");
    assert.equal(zookeeperUrl(joe, "http://a:5050"), "http://a:5050");
  });
});

describe("fingerprintOf", () => {
  it("changes with a credential and shows nothing of it", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.match(fingerprintOf(a), /^[0-9a-f]{16}$/);
        assert.equal(fingerprintOf(a) === fingerprintOf(b), a === b);
      }),
    );
  });
});
