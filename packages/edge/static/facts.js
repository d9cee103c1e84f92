// SPDX-License-Identifier: Apache-2.0
// What the edge's API says.
import { askJson } from "/pages/live.js";

/**
 * @typedef {{ id: string, acl: string, config: Record<string, string>, state: string, reason?: string }} Rule
 * @typedef {{ id: string, by: string, conditions: string[], instances: number, serving: number,
 *   requestsPerSecond?: number }} App
 * @typedef {{ id: string, appId: string, address?: string, place: "in" | "leaving" | "out", reason?: string }} Instance
 * @typedef {{ rules: Rule[], apps: App[], instances: Instance[] }} Overview
 * @typedef {{ serving: boolean,
 *   marathon: { ageSeconds: number | null, apps: number, holding: boolean, problem: string | null },
 *   zookeeper: { connected: boolean, rules: number, unreadable: string[], problem: string | null },
 *   haproxy: { pid: number | null, alive: boolean, reloads: number, config: string | null, problem: string | null },
 *   leftOut: Record<string, string> }} Health
 * @typedef {{ version: number, health: Health }} Told
 * @typedef {{ verdict: "takes" | "passes" | "might take" | "would take", reason: string, by: string, appId?: string,
 *   backend?: string, condition: string, priority?: string, map?: string }} Step
 * @typedef {{ taken?: Step, steps: Step[] }} Explanation
 */

/** @returns {Promise<Overview>} */
export const readOverview = () => askJson("/api/overview");

/**
 * @param {URLSearchParams} question
 * @returns {Promise<Explanation>}
 */
export const readRoute = (question) => askJson(`/api/route?${question}`);
