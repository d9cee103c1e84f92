// SPDX-License-Identifier: Apache-2.0
import type { MemberAddress, MemberStatus, ReadyInputs } from "@pulumi-mesos/model";
import type { ProbeEnsemble } from "./members";
import type { Context } from "./resource";
import { parseUrn } from "./urn";

/** How a member answers: dead, up without the others, part of the ensemble, or leading it. */
export type Answer = "down" | "up" | "joined" | "leading" | `joined, counts with ${number}`;

/** Three members. */
export const three: [MemberAddress, MemberAddress, MemberAddress] = [
  { name: "zk-1", host: "127.82.0.1", port: 2181 },
  { name: "zk-2", host: "127.82.0.2", port: 2181 },
  { name: "zk-3", host: "127.82.0.3", port: 2181 },
];

/** What the gate of the first of them is told. */
export const inputs: ReadyInputs = {
  kind: "zookeeper",
  member: three[0],
  peers: [three[1], three[2]],
  whole: false,
  incarnation: "i",
};

/** A probe that answers one round after another (the last again and again), in the order of zk-1, zk-2, zk-3. */
export function answering(
  ...rounds: readonly (readonly Answer[])[]
): ProbeEnsemble & { readonly asked: number } {
  let asked = 0;
  const probe: ProbeEnsemble = async (_kind, members) => {
    const round = rounds[Math.min(asked, rounds.length - 1)] ?? [];
    asked++;
    return members.map(({ name }) => statusOf(name, round[Number(name.slice(3)) - 1] ?? "down"));
  };
  return Object.defineProperty(probe, "asked", { get: () => asked }) as ProbeEnsemble & {
    readonly asked: number;
  };
}

/** A context that ends after `timeoutMs` and keeps its progress lines. */
export function contextFor(timeoutMs: number): Context & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    signal: AbortSignal.timeout(timeoutMs),
    urn: parseUrn("urn:pulumi:dev::p::mesos:index:Ready::r"),
    config: { marathonUrls: [], bambooUrls: [], mesosUrls: [] },
    timeoutSeconds: timeoutMs / 1000,
    ignoreChanges: [],
    windUp: (seconds) => AbortSignal.timeout(seconds * 1000),
    environment: {},
    progress: (line) => lines.push(line),
    warn: (line) => lines.push(line),
    lines,
  };
}

function statusOf(name: string, answer: Answer): MemberStatus {
  const joined = answer === "leading" || answer.startsWith("joined");
  const voters = /\d+$/.exec(answer)?.[0];
  return {
    ...{ name, up: answer !== "down", joined, leading: answer === "leading", detail: `it is ${answer}` },
    ...(voters === undefined ? {} : { voters: Number(voters) }),
  };
}
