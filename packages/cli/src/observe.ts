// SPDX-License-Identifier: Apache-2.0
import {
  edgeHealth,
  isAborted,
  MarathonClient,
  type MarathonOptions,
  type MarathonPodStatus,
  type MemberAccess,
  MesosClient,
  poolStatuses,
  probeEnsemble,
  type Way,
} from "@pulumi-mesos/client";
import { type MemberAddress, type MemberKind, mapOfMembers, messageOf } from "@pulumi-mesos/model";
import { accessOf, type Ensemble, type Installation } from "./installation";
import {
  type AgentsView,
  type AppView,
  agentView,
  type EnsembleView,
  type MarathonView,
  type Named,
  type Observation,
  type PoolView,
} from "./observation";

/** An election is something to be seen, not to be waited out. */
const impatient = { timeoutMs: 5_000, electionMs: 0 } as const;

/**
 * Asks everybody at once, and whoever answers for more; who does not answer is part of what is seen. Rejects only when `signal` aborts, and
 * where there is no way to anybody.
 *
 * @param credentials what all Marathons are told besides their addresses
 */
export async function observe(
  installation: Installation,
  credentials: Omit<MarathonOptions, "urls">,
  signal: AbortSignal,
  way?: Way,
): Promise<Observation> {
  const { title, pools } = installation;
  const keys = new Map(installation.ensembles.map((e) => [e.name, { ...accessOf(e), way }]));
  const ensembles = await Promise.all(installation.ensembles.map((e) => look(e, signal, way)));
  const up = (kind: MemberKind) =>
    ensembles
      .filter((ensemble) => ensemble.kind === kind)
      .map(answering)
      .filter(({ members }) => members.length > 0);
  const mute = ensembles.filter((e) => e.kind === "marathon" && !e.members.some((member) => member.up));
  const [agents, marathons, edges, poolViews] = await Promise.all([
    together(up("mesos-master"), ({ name, members }) =>
      ask(name, agentsOf(members, keys.get(name), signal), signal),
    ),
    together(
      installation.marathons.filter(({ name }) => !mute.some((ensemble) => ensemble.name === name)),
      (place) => {
        const { urls, addressMap } = place;
        return ask(
          place.name,
          marathonOf({ ...knownAs(place, credentials), urls, addressMap, way }, signal),
          signal,
        );
      },
    ),
    together(
      up("edge").flatMap(({ name, members }) => members.map((member) => ({ member, key: keys.get(name) }))),
      ({ member, key }) => ask(member.name, edgeHealth(member, signal, key), signal),
    ),
    poolsOf(
      pools,
      up("groups").flatMap(({ name, members }) => members.map((member) => ({ member, key: keys.get(name) }))),
      signal,
    ),
  ]);
  return { title, ensembles, agents, pools: poolViews, marathons, edges };
}

function together<A, B>(list: readonly A[], change: (item: A) => Promise<B>): Promise<B[]> {
  return Promise.all(list.map(change));
}

/** The members that answered, to be asked more. */
function answering({ name, members }: EnsembleView): { name: string; members: MemberAddress[] } {
  const up = members.filter((member) => member.up);
  return { name, members: up.map(({ name: of, host, port, via }) => ({ name: of, host, port, via })) };
}

async function look(ensemble: Ensemble, signal: AbortSignal, way: Way | undefined): Promise<EnsembleView> {
  const { kind, name, members, left } = ensemble;
  const statuses = await probeEnsemble(kind, members, signal, { ...accessOf(ensemble), way });
  const views = statuses.map((status, index) => {
    const { host = "", port = 0, via } = members[index] ?? {};
    return { ...status, host, port, ...(via === undefined ? {} : { via }) };
  });
  return { kind, name, members: views, ...(left !== undefined && { left }) };
}

async function ask<T>(name: string, work: Promise<T>, signal: AbortSignal): Promise<Named<T>> {
  try {
    return { name, said: { answer: await work } };
  } catch (error) {
    if (signal.aborted && isAborted(error)) throw error;
    return { name, said: { problem: messageOf(error) } };
  }
}

async function agentsOf(
  masters: readonly MemberAddress[],
  { authorization, ca, way }: MemberAccess = {},
  signal: AbortSignal,
): Promise<AgentsView> {
  const client = new MesosClient({
    ...(authorization !== undefined && { authorization }),
    ...(ca !== undefined && { tls: { ca } }),
    masters: masters.map(({ host, port }) => `${host}:${port}`),
    addressMap: mapOfMembers(masters),
    way,
    ...impatient,
  });
  const agents = await client.getAgents(signal);
  const metrics = await client.getMetrics(signal);
  const frameworks = await client.getFrameworks(signal);
  const views = agents
    .map(agentView)
    .sort((a, b) => a.hostname.localeCompare(b.hostname, "en", { numeric: true }));
  return { agents: views, unreachable: metrics["master/slaves_unreachable"] ?? 0, frameworks };
}

/** What the user says wins over what the stack knows. */
function knownAs(
  { authorization, ca }: MemberAccess,
  credentials: Omit<MarathonOptions, "urls">,
): Omit<MarathonOptions, "urls"> {
  const isGiven = credentials.user !== undefined || credentials.token !== undefined;
  const isTrusting = credentials.ca !== undefined || credentials.insecure === true;
  return {
    ...credentials,
    ...(!isGiven && authorization !== undefined && { token: authorization }),
    ...(!isTrusting && ca !== undefined && { ca }),
  };
}

async function marathonOf(options: MarathonOptions, signal: AbortSignal): Promise<MarathonView> {
  const client = new MarathonClient({ ...options, ...impatient });
  const { version, leader, frameworkId } = await client.getInfo(signal);
  const [apps, pods, deployments] = await Promise.all([
    client.getApps(signal),
    client.getPodStatuses(signal),
    client.getDeployments(signal),
  ]);
  return {
    version,
    leader,
    frameworkId,
    apps: apps.map(({ id, instances = 1, tasksRunning = 0, tasksUnhealthy = 0 }) => ({
      id,
      instances,
      running: tasksRunning,
      unhealthy: tasksUnhealthy,
    })),
    pods: pods.map(podView),
    deployments: deployments.map(({ id, affectedApps = [], affectedPods = [], currentStep, totalSteps }) => ({
      id,
      affects: [...affectedApps, ...affectedPods],
      step: currentStep === undefined ? undefined : `${currentStep} of ${totalSteps ?? "?"}`,
    })),
  };
}

function podView({ id, spec, instances = [] }: MarathonPodStatus): AppView {
  const { instances: wanted = 1 } = (spec["scaling"] ?? {}) as { readonly instances?: number };
  const are = (state: string) => instances.filter(({ status }) => status === state).length;
  const [stable, degraded] = [are("STABLE"), are("DEGRADED")];
  return { id, instances: wanted, running: stable + degraded, unhealthy: degraded };
}

/** Only the controller that leads has something to say. */
async function poolsOf(
  pools: Installation["pools"],
  controllers: readonly { readonly member: MemberAddress; readonly key: MemberAccess | undefined }[],
  signal: AbortSignal,
): Promise<readonly PoolView[]> {
  if (pools.length === 0) return [];
  const answers = await together(controllers, ({ member, key }) =>
    ask(member.name, poolStatuses(member, signal, key), signal),
  );
  const problems = answers.flatMap(({ said }) => ("problem" in said ? [said.problem] : []));
  return pools.map((pool) => {
    const statuses = answers.flatMap(({ said }) => ("answer" in said ? [said.answer[pool.name]] : []));
    const answer = statuses.find((status) => status !== undefined);
    const problem = problems.join("; ") || "no controller of agent groups knows it";
    return { ...pool, said: answer === undefined ? { problem } : { answer } };
  });
}
