// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  changedAfter,
  type MemberAddress,
  type MemberKind,
  quorumOf,
  type ZooKeeperRoot,
} from "@pulumi-mesos/model";
import type { Certificates } from "./certificates";
import type { Credentials } from "./credentials";
import type { NodeService, Platform, Timeouts } from "./platform";
import { memberAt } from "./reach";
import { Ensemble, getEnsemble, Leave, Ready } from "./resources/gates";
import { madeWithoutStackTraces } from "./resources/stack-traces";

/** Members of an ensemble: nodes with an identity that are changed one at a time. */
export interface MembersArgs {
  readonly kind: MemberKind;
  readonly platform: Platform;
  readonly addresses: readonly Address[];
  /** Port at which a member is asked for its state. */
  readonly port: number;
  /** Of how many members the quorum is: of more while some have just left, of the first while others only follow. @default all */
  readonly quorumOf?: number;
  /** Whom the quorum counts though they leave. @default nobody */
  readonly left?: readonly Address[];
  /** What a member runs; indices begin with 0. */
  readonly service: (index: number, member: Address) => NodeService;
  readonly dependsOn: readonly pulumi.Resource[];
  /** Header by which members that ask know the gates. @default none */
  readonly authorization?: pulumi.Output<string>;
  /** Who may make nodes in a ZooKeeper that refuses strangers. @default everybody */
  readonly root?: pulumi.Output<ZooKeeperRoot>;
  /** By what members speak TLS. @default plain HTTP */
  readonly tls?: Certificates;
  /** What protects the members and their data. @default nothing */
  readonly credentials?: Credentials;
  readonly timeouts?: Timeouts;
}

/**
 * Makes nodes behind their gates (DESIGN §4): the declared size is checked first; members are changed broken first and
 * leader last, each after its predecessor has joined again; a member leaves only while a quorum survives without it.
 *
 * When nobody answers there is no order and all start in parallel, but for a ZooKeeper's servers that may be empty yet. The
 * order is asked anew at each run and appears only in `dependsOn`, so that a changed order alone changes nothing.
 *
 * @returns the gate that stands when every member has joined.
 */
export function makeMembers(parent: pulumi.ComponentResource, name: string, args: MembersArgs): Ready {
  return madeWithoutStackTraces(() => makeEnsemble(parent, name, args));
}

function makeEnsemble(parent: pulumi.ComponentResource, name: string, args: MembersArgs): Ready {
  const { kind, platform, addresses, port, authorization } = args;
  const known = {
    ...(authorization !== undefined && { authorization }),
    ...(args.tls !== undefined && { ca: args.tls.ca }),
  };
  const fingerprint = args.credentials?.fingerprint;
  const at = (address: Address): MemberAddress => memberAt(platform, address, port);
  const members = addresses.map(at);
  const counted = args.quorumOf ?? members.length;
  const voters = members.slice(0, counted);
  const custom = { parent, provider: platform.provider, customTimeouts: args.timeouts ?? platform.timeouts };
  const ensemble = new Ensemble(
    `${name}-ensemble`,
    {
      kind,
      size: members.length,
      quorum: quorumOf(counted),
      ...(counted < members.length ? { voters: counted } : {}),
      members,
      ...(args.left === undefined || args.left.length === 0 ? {} : { left: args.left.map(at) }),
      ...known,
      ...(fingerprint === undefined ? {} : { fingerprint }),
    },
    { ...custom, dependsOn: [...args.dependsOn] },
  );
  const names = members.map(({ name }) => name);
  const { order } = getEnsemble({ kind, members, ...known }, { parent, provider: platform.provider });
  const placed = pulumi.all([order, ensemble.founders]);
  const ready = new Map<string, Ready>();
  const incarnations = members.map((member, index) => {
    const peers = voters.filter((m) => m !== member);
    const predecessor = placed.apply(([order, founders]) => {
      const before = ready.get(changedAfter(member.name, { kind, members: names, order, founders }) ?? "");
      return before === undefined ? [ensemble] : [ensemble, before];
    });
    const node = platform.node(
      member.name,
      { service: args.service(index, member), address: { name: member.name, host: member.host } },
      { ...custom, dependsOn: predecessor },
    );
    const gate = { kind, member, peers, incarnation: node.incarnation, ...known };
    new Leave(`${member.name}-leave`, gate, { ...custom, deletedWith: ensemble, deleteBeforeReplace: true });
    ready.set(member.name, new Ready(`${member.name}-ready`, { ...gate, whole: false }, custom));
    return node.incarnation;
  });
  const [first, ...rest] = members;
  if (first === undefined) {
    throw new pulumi.ResourceError(`${name}: an ensemble has at least one member`, parent);
  }
  return new Ready(
    `${name}-ready`,
    {
      kind,
      member: first,
      peers: rest,
      whole: true,
      ...known,
      ...(args.root === undefined ? {} : { root: args.root }),
      incarnation: pulumi.all(incarnations).apply((all) => all.join(" ")),
    },
    { ...custom, dependsOn: [...ready.values()] },
  );
}
