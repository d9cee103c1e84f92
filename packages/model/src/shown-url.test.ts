// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { shownUrl } from "./shown-url";

describe("a shown address", () => {
  it("has nothing that stands before an @", () => {
    const shown = {
      "http://me:secret@10.0.0.1:8080/a?b": "http://…@10.0.0.1:8080/a?b",
      "http://me:sec/r@et@10.0.0.1": "http://…@10.0.0.1",
      "me:secret@10.0.0.1": "…@10.0.0.1",
      "http://me:secret@10.0.0.1:99999": "http://…@10.0.0.1:99999",
      "zk://me:secret@a:2181,b:2181/mesos": "zk://…@a:2181,b:2181/mesos",
      "http://10.0.0.1:8080/": "http://10.0.0.1:8080/",
      "10.0.0.1:80:80": "10.0.0.1:80:80",
    };
    for (const [address, text] of Object.entries(shown)) assert.equal(shownUrl(address), text);
  });
});
