// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, throws } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { packageVersion, pluginDownloadURL } from "@pulumi-mesos/model";
import { Service } from "./bamboo-service";
import { App, type AppArgs } from "./marathon-app";

const made: pulumi.runtime.MockResourceArgs[] = [];

function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

async function inputsOf(resource: pulumi.CustomResource): Promise<Record<string, unknown>> {
  const urn = await value(resource.urn);
  const name = urn.split("::").at(-1);
  return made.find((m) => m.name === name)?.inputs ?? {};
}

describe("marathon.App", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          made.push(args);
          const state = { ...args.inputs, version: "v1", lastConfigChangeAt: "v0", servicePorts: [10000] };
          return { id: args.id ?? args.name, state };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
  });

  it("takes its id from the resource's name and sends the document as appId and its fields", async () => {
    const app = new App("app-default-id", { cmd: "sleep 1", instances: pulumi.output(2) });
    deepEqual(await inputsOf(app), { appId: "/app-default-id", cmd: "sleep 1", instances: 2 });
    equal(made.find((m) => m.name === "app-default-id")?.type, "mesos:marathon:App");
  });

  it("sends a given id as appId and keeps both old and new shapes as they are", async () => {
    const container = {
      docker: { image: "nginx", network: "BRIDGE", portMappings: [{ containerPort: 80 }] },
    } as const;
    const old = new App("app-old-shape", {
      id: "/shop/web",
      container,
      ports: [0],
      uris: ["http://x/a.tgz"],
    });
    deepEqual(await inputsOf(old), {
      appId: "/shop/web",
      container,
      ports: [0],
      uris: ["http://x/a.tgz"],
    });
  });

  it("has Marathon's version, change time and service ports as outputs", async () => {
    const app = new App("app-outputs", { cmd: "sleep 1" });
    equal(await value(app.appId), "/app-outputs");
    equal(await value(app.version), "v1");
    equal(await value(app.lastConfigChangeAt), "v0");
    deepEqual(await value(app.servicePorts), [10000]);
  });

  it("takes Inputs at any depth", async () => {
    const image = pulumi.output(Promise.resolve("nginx:1.27"));
    const app = new App("app-deep", {
      container: { docker: { image }, portMappings: pulumi.output([{ containerPort: 80 }]) },
      env: { A: "1", B: { secret: pulumi.output("b") }, C: pulumi.secret("hush") },
      unreachableStrategy: "disabled",
      constraints: [["hostname", "UNIQUE"]],
    });
    const inputs = await inputsOf(app);
    deepEqual(inputs["container"], {
      docker: { image: "nginx:1.27" },
      portMappings: [{ containerPort: 80 }],
    });
  });

  it("names the plugin's version and origin, and keeps the caller's options", async () => {
    const seen: pulumi.CustomResourceOptions[] = [];
    const look: pulumi.ResourceTransformation = ({ opts }) => {
      seen.push(opts);
      return undefined;
    };
    const app = new App("app-options", { cmd: "sleep 1" }, { protect: true, transformations: [look] });
    await value(app.urn);
    deepEqual(
      seen.map((opts) => [opts.version, opts.pluginDownloadURL, opts.protect]),
      [[packageVersion, pluginDownloadURL, true]],
    );
  });

  it("reads an existing app by its path without sending inputs", async () => {
    const app = App.get("app-existing", "/by-hand");
    equal(await value(app.id), "/by-hand");
    deepEqual(await inputsOf(app), {});
  });

  it("tells its own instances from others", async () => {
    const app = new App("app-instance", { cmd: "sleep 1" });
    const service = new Service("app-instance-rule", { appId: app.appId, acl: "path_beg /" });
    deepEqual(
      [App.isInstance(app), App.isInstance(service), App.isInstance(undefined)],
      [true, false, false],
    );
  });

  it("leaves stack traces as they were, those of its own errors among them", () => {
    const { stackTraceLimit } = Error;
    new App("app-stack-traces", {});
    equal(Error.stackTraceLimit, stackTraceLimit);
    throws(
      () => new App("", {}),
      (error) =>
        error instanceof Error && /name/.test(error.message) && `${error.stack}`.includes(__filename),
    );
    equal(Error.stackTraceLimit, stackTraceLimit);
  });

  it("refuses unknown and ill-typed fields at compile time", () => {
    const refused: AppArgs[] = [
      // @ts-expect-error an unknown field
      { cmd: "x", healthCheck: [] },
      // @ts-expect-error an ill-typed field
      { instances: "2" },
      // @ts-expect-error an unknown field deep inside
      { container: { docker: { image: "nginx", imag: "x" } } },
      // @ts-expect-error a word that Marathon does not know
      { networks: [{ mode: "bridge" }] },
      // @ts-expect-error an output of the wrong type
      { mem: pulumi.output("64") },
      // @ts-expect-error what only Marathon sets
      { version: "2026-01-01T00:00:00.000Z" },
    ];
    equal(refused.length, 6);
  });
});
