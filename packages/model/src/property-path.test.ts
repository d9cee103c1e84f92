// SPDX-License-Identifier: Apache-2.0
import { equal } from "node:assert/strict";
import { fieldOf, formatPath, overlaps } from "./property-path";

describe("formatPath", () => {
  it("writes keys, indices and odd names as Pulumi reads them", () => {
    equal(
      formatPath(["container", "portMappings", 0, "labels", "a.b"]),
      'container.portMappings[0].labels["a.b"]',
    );
    equal(formatPath(["env", "1"]), 'env["1"]');
    equal(formatPath([]), "");
  });
});

describe("fieldOf", () => {
  it("leaves out list indices", () => {
    equal(fieldOf(["healthChecks", 0, "port"]), "healthChecks.port");
  });
});

describe("overlaps", () => {
  it("holds for a field and what it is part of, and for nothing beside it", () => {
    equal(overlaps("container", "container.docker"), true);
    equal(overlaps("container.docker", "container"), true);
    equal(overlaps("", "container"), true);
    equal(overlaps("container.dockers", "container.docker"), false);
    equal(overlaps("cmd", "container"), false);
  });
});
