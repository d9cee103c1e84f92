// SPDX-License-Identifier: Apache-2.0
// What `/status` tells.

/**
 * @typedef {{ name: string, address: string, state: string, tasks?: number, agentId?: string }} Member
 * @typedef {{ settled: boolean, failed: boolean, message: string, members: readonly Member[] }} Pool
 * @typedef {{ at: string, until: string, agents: number, size: number, demand: number, waiting: number, change?: string, frozen?: string, reasons: readonly string[] }} Decision
 * @typedef {{ at: number, size: number, agents: number, demand: number, waiting: number, cost?: number }} Sample
 * @typedef {{ policy: string, decisions: readonly Decision[], samples: readonly Sample[] }} Scaling
 * @typedef {{ work: string, tasks: number, refused: string, hopeless?: string }} Queued
 * @typedef {{ works: readonly string[], tasks: number, reason: string }} Unplaceable
 * @typedef {{ groups: Record<string, Scaling>, queued: readonly Queued[], unplaceable: readonly Unplaceable[] }} Autoscale
 * @typedef {{ cluster: string, leading: boolean, pools: Record<string, Pool>, autoscale: Autoscale }} Status
 */

export {};
