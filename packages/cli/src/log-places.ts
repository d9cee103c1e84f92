// SPDX-License-Identifier: Apache-2.0
import { containerName, decoder, memberLabel, memberName, resourceTokens, Type } from "@pulumi-mesos/model";
import { inputsOf, type StateResource } from "./stack-state";

/** A file that a supervisor keeps on this machine, or a container, on the Docker host that its provider names. */
export type LogPlace = { readonly file: string } | { readonly container: string; readonly host?: string };

/** An agent group, and how many agents it may have at most. */
interface PoolSize {
  readonly name: string;
  readonly kind: string;
  readonly max: number;
}

const processes = decoder(Type.Object({ logFile: Type.String() }));
const containers = decoder(
  Type.Object({
    name: Type.String(),
    labels: Type.Array(Type.Object({ label: Type.String(), value: Type.String() })),
  }),
);
const hosts = decoder(Type.Object({ host: Type.String() }));

/** Where the logs of nodes are, and those of agents, which their controller makes, so that the state does not list them. */
export function logsIn(
  resources: readonly StateResource[],
  pools: readonly PoolSize[],
): ReadonlyMap<string, LogPlace> {
  const of = (kind: string): string[] =>
    pools
      .filter((pool) => pool.kind === kind)
      .flatMap(({ name, max }) => Array.from({ length: max }, (_, i) => memberName(name, i + 1)));
  return new Map([...processLogs(resources, of("local")), ...containerLogs(resources, of("docker"))]);
}

/** Agents are processes beside the others. */
function processLogs(resources: readonly StateResource[], agents: readonly string[]): [string, LogPlace][] {
  const nodes = inputsOf(resources, resourceTokens.process, processes, "outputs").map(
    ([{ id = "" }, { logFile: file }]): [string, { file: string }] => [id, { file }],
  );
  const [[name, { file }] = ["", { file: "" }]] = nodes;
  const at = file.lastIndexOf(`/${name}/`);
  if (name === "" || at < 0) return nodes;
  const [folder, rest] = [file.slice(0, at), file.slice(at + name.length + 2)];
  return [
    ...nodes,
    ...agents.map((agent): [string, LogPlace] => [agent, { file: `${folder}/${agent}/${rest}` }]),
  ];
}

/** Agents are containers on the host of the others, by the same labels. */
function containerLogs(resources: readonly StateResource[], agents: readonly string[]): [string, LogPlace][] {
  const hostOf = new Map(
    inputsOf(resources, "pulumi:providers:docker", hosts).map(([{ urn, id }, { host }]) => [
      `${urn}::${id}`,
      { host },
    ]),
  );
  const nodes = inputsOf(resources, "docker:index/container:Container", containers, "outputs").flatMap(
    ([{ provider = "" }, { name: container, labels }]) => {
      const label = (key: string): string => labels.find((one) => one.label === key)?.value ?? "";
      const stack = { project: label("pulumi-mesos.project"), stack: label("pulumi-mesos.stack") };
      const host = hostOf.get(provider);
      return label(memberLabel) === "" ? [] : [{ member: label(memberLabel), container, stack, host }];
    },
  );
  const [first] = nodes;
  if (first === undefined) return [];
  const { stack, host } = first;
  return [
    ...nodes.map(({ member, container, host: own }): [string, LogPlace] => [member, { container, ...own }]),
    ...agents.map((agent): [string, LogPlace] => [
      agent,
      { container: containerName(stack, agent), ...host },
    ]),
  ];
}
