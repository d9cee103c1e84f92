// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { offeredTo } from "./agent-roles";

const of = (role: string, cpus: number, mem: number) => [
  { name: "cpus", amount: cpus, role },
  { name: "mem", amount: mem, role },
];

describe("whom an agent's resources are for", () => {
  it("is everybody as long as some are reserved for nobody, and those alone count", () => {
    deepEqual(offeredTo(of("*", 2, 64)), { role: "*", resources: { cpus: 2, mem: 64 } });
    deepEqual(offeredTo([...of("web", 8, 640), ...of("*", 2, 64)]).resources, { cpus: 2, mem: 64 });
    deepEqual(offeredTo([]), { role: "*", resources: {} });
  });

  it("is the role that they are reserved for, of several the one that has the most", () => {
    deepEqual(offeredTo(of("public", 2, 64)), { role: "public", resources: { cpus: 2, mem: 64 } });
    deepEqual(offeredTo([...of("a", 1, 32), ...of("b", 3, 32)]), {
      role: "b",
      resources: { cpus: 3, mem: 32 },
    });
    const open = [{ name: "cpus", amount: 2, role: "*" }];
    deepEqual(offeredTo([...open, { name: "mem", amount: 64, role: "web" }]), {
      role: "web",
      resources: { cpus: 2, mem: 64 },
    });
  });
});
