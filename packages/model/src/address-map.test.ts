// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { parseHostPort, throughMap, urlThroughMap } from "./address-map";

const map = { "10.0.0.1:8080": "127.0.0.1:18080", "10.0.0.1:80": "127.0.0.1:10080" };

describe("an address map", () => {
  it("leads to where it says, and leaves every other address alone", () => {
    assert.deepEqual(throughMap({ host: "10.0.0.1", port: 8080 }, map), { host: "127.0.0.1", port: 18080 });
    assert.deepEqual(throughMap({ host: "10.0.0.1", port: 5050 }, map), { host: "10.0.0.1", port: 5050 });
    assert.deepEqual(throughMap({ host: "10.0.0.2", port: 8080 }, undefined), {
      host: "10.0.0.2",
      port: 8080,
    });
  });

  it("changes the address in a URL for people, also where the port is not written", () => {
    assert.equal(urlThroughMap("http://10.0.0.1:8080/ui", map), "http://127.0.0.1:18080/ui");
    assert.equal(urlThroughMap("http://10.0.0.1/path", map), "http://127.0.0.1:10080/path");
    assert.equal(urlThroughMap("https://10.0.0.1/path", map), "https://10.0.0.1/path");
  });

  for (const wrong of ["", "host", "host:", "host:0", "host:65536", "a b:1", "http://a:1", "user@a:1"]) {
    it(`fails to read ${JSON.stringify(wrong)} as an address`, () =>
      assert.equal(parseHostPort(wrong), undefined));
  }
});
