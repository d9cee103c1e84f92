// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentPoolDeclaration, resourceTokens } from "@pulumi-mesos/model";
import { endMembers } from "./agent-pool-members";
import { testContext } from "./context.test.support";

const declaration: AgentPoolDeclaration = {
  name: "web",
  size: 2,
  template: { command: ["mesos-agent"], image: "agent:1" },
  backend: { kind: "docker", network: "10.77.9.0/24", taskPorts: [31000, 32000] },
  drain: { graceSeconds: 1, timeoutSeconds: 10 },
};
const labels = (member: string) => ({ "pulumi-mesos.member": member, "pulumi-mesos.pool": "web" });

describe("the members of a pool on a Docker host", () => {
  let directory: string;
  let server: Server;
  let calls: string[];

  /** Just enough of dockerd: one member runs and left a task behind, of another only its data is left. */
  function answer(method: string, path: string, filters: string): [number, unknown?] {
    if (filters.includes("task-of")) return [200, filters.includes("web-1") ? [{ Id: "web-1-task" }] : []];
    if (path === "/containers/json") return [200, [{ Id: "1", State: "running", Labels: labels("web-1") }]];
    if (method === "GET" && path === "/volumes")
      return [200, { Volumes: ["web-1", "web-2"].map((member) => ({ Labels: labels(member) })) }];
    if (path.endsWith("web-1/json")) return [200, { State: { Running: true } }];
    if (path.includes("web-2") && path.startsWith("/containers/"))
      return [404, { message: "No such container" }];
    if (path.endsWith("/wait")) return [200, { StatusCode: 0 }];
    return [path.endsWith("/update") ? 200 : 204];
  }

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "pool-members-"));
    calls = [];
    server = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://dockerd");
      const filters = url.searchParams.get("filters");
      calls.push(`${request.method} ${url.pathname}${filters === null ? "" : ` ${filters}`}`);
      const [status, body] = answer(request.method ?? "", url.pathname, filters ?? "");
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(join(directory, "docker.sock"), resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });

  it("are found by their labels and ended with their tasks and data, those of which only data is left, too", async () => {
    const environment = { DOCKER_HOST: `unix://${join(directory, "docker.sock")}` };
    const { names, unseen } = await endMembers(
      declaration,
      testContext(resourceTokens.agentPool, { environment }),
    );
    deepEqual([names, unseen], [["web-1", "web-2"], undefined]);
    const filters = JSON.parse(calls[0]?.split(" ")[2] ?? "{}");
    match(
      JSON.stringify(filters),
      /"pulumi-mesos\.project=\w+","pulumi-mesos\.stack=\w+","pulumi-mesos\.pool=web"/,
    );
    const first = calls
      .filter((call) => call.includes("web-1"))
      .map((call) => call.replace(/\/[\w-]+-web-1/, "/web-1").replace(/ \{.*"(.*)"\]\}$/, " $1"));
    deepEqual(first, [
      "GET /containers/web-1/json",
      "POST /containers/web-1/update",
      "POST /containers/web-1/kill",
      "POST /containers/web-1/wait",
      "DELETE /containers/web-1",
      "GET /containers/json pulumi-mesos.task-of=web-1",
      "DELETE /containers/web-1-task",
      "DELETE /volumes/web-1",
    ]);
    equal(calls.filter((call) => call.startsWith("DELETE /volumes/")).length, 2);
  });

  it("cannot be seen where no dockerd answers, which is said with the command that shows them", async () => {
    const environment = { DOCKER_HOST: `unix://${join(directory, "nowhere.sock")}` };
    const { names, unseen } = await endMembers(
      declaration,
      testContext(resourceTokens.agentPool, { environment }),
    );
    deepEqual(names, []);
    match(
      unseen ?? "",
      /cannot ask the Docker host \(.*ENOENT.*docker ps -a .*--filter label=pulumi-mesos\.pool=web$/,
    );
  });
});
