// SPDX-License-Identifier: Apache-2.0
import { packageVersion, privateBlock, type StackName } from "@pulumi-mesos/model";
import { ClusterKeys } from "../../../test/dist/support/cluster-keys";
import { ClusterView } from "../../../test/dist/support/cluster-view";
import { DockerHost, whyNoDocker } from "../../../test/dist/support/docker-host";
import type { TestStackOptions } from "../../../test/dist/support/test-stack";

const octet = 140;
const stack: StackName = { project: "quickstart", stack: "dev" };

/** What every stack of this bench is given. */
export const secret = "a-cluster-secret-of-this-bench-alone";

/** A platform that a cluster rolls on. */
export interface Place {
  readonly name: "local" | "docker";
  /** JavaScript that makes it, with `config` and `mesos` at hand. */
  readonly platform: string;
  readonly stack: Pick<TestStackOptions, "config" | "env" | "plugins">;
  readonly view: ClusterView;
  /** Of a cluster that asks who one is and speaks TLS. */
  readonly keys: ClusterKeys | undefined;
  /** A change of the config that replaces every agent, made possible before. */
  prepareReplacement(): Promise<readonly [key: string, value: string]>;
}

export function local(): Place {
  return {
    name: "local",
    platform: 'new mesos.LocalPlatform({ network: config.require("network") })',
    stack: { config: { network: `127.${octet}.0.0/16` } },
    view: new ClusterView(`127.${octet}`),
    keys: undefined,
    prepareReplacement: async () => ["rack", "b"],
  };
}

/** The Docker host that `tools/bench.mjs` found or started; a reason where there is none. */
export function docker(): Place | { readonly reason: string } {
  const reason = whyNoDocker();
  if (reason !== undefined) return { reason };
  const host = new DockerHost();
  const keys = new ClusterKeys(stack, secret);
  const image = `pulumi-mesos/simulator:${packageVersion}`;
  const next = `${image}-next`;
  return {
    name: "docker",
    platform: `((docker) => {
      const agent = docker.simulator["mesos-agent"];
      const image = config.get("agentImage") ?? agent.image;
      return new docker.DockerPlatform({
        socket: config.get("socket"),
        distribution: { ...docker.simulator, "mesos-agent": { ...agent, image } },
      });
    })(require("@pulumi-mesos/docker"))`,
    stack: { plugins: { docker: host.plugin }, env: host.env, config: { socket: host.socket } },
    view: new ClusterView(privateBlock(stack.project, stack.stack), "demo", 80, keys),
    keys,
    async prepareReplacement() {
      await host.docker("tag", image, next);
      return ["agentImage", next];
    },
  };
}
