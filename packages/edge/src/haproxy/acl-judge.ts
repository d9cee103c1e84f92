// SPDX-License-Identifier: Apache-2.0
import { isMapped } from "../routing/maps";
import type { Route, Routes } from "../routing/route";
import { aclProbe, type Check, offenders } from "./validate";

/** Has HAProxy judge the conditions that people wrote, so that a bad one keeps nobody else from being routed. */
export class AclJudge {
  readonly #check: Check;
  /** What is wrong with a text; undefined when HAProxy takes it. Only texts in use are kept. */
  #verdicts = new Map<string, string | undefined>();
  #refused: ReadonlyMap<string, string> = new Map();

  constructor(check: Check) {
    this.#check = check;
  }

  /** Why rules are left out, by app id. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** `routes` without those whose condition HAProxy refuses; nothing while a condition has not been judged. */
  acceptable(routes: Routes): Routes | undefined {
    if (textsOf(routes).some((text) => !this.#verdicts.has(text))) return undefined;
    const refused = new Map<string, string>();
    const kept = routes.routes.filter((route) => {
      const { appId, acl } = route;
      const reason = acl.kind === "explicit" && !isMapped(route) ? this.#verdicts.get(acl.text) : undefined;
      if (reason !== undefined) refused.set(appId, `acl: ${reason}`);
      return reason === undefined;
    });
    this.#refused = refused;
    return refused.size === 0 ? routes : { ...routes, routes: kept };
  }

  /** Has the conditions judged that are new. */
  async judge(routes: Routes, signal: AbortSignal): Promise<void> {
    const texts = textsOf(routes);
    const unknown = texts.filter((text) => !this.#verdicts.has(text));
    const bad = await offenders(unknown, (group) => this.#check(aclProbe(group), signal));
    const verdicts = new Map(texts.map((text) => [text, this.#verdicts.get(text)]));
    for (const { item, reason } of bad) verdicts.set(item, reason);
    this.#verdicts = verdicts;
  }

  /** Finds the rules that are refused only within the whole file; whether any was found. */
  async blame(routes: Routes, check: (routes: Routes) => Promise<string | undefined>): Promise<boolean> {
    const explicit = routes.routes.filter(isJudged);
    const others = routes.routes.filter((route) => !isJudged(route));
    if ((await check({ ...routes, routes: others })) !== undefined) return false;
    const bad = await offenders(explicit, (group) => check({ ...routes, routes: [...others, ...group] }));
    for (const { item, reason } of bad) {
      if (item.acl.kind === "explicit") this.#verdicts.set(item.acl.text, reason);
    }
    return bad.length > 0;
  }
}

function textsOf(routes: Routes): string[] {
  const judged = routes.routes.filter(isJudged);
  return [...new Set(judged.flatMap(({ acl }) => (acl.kind === "explicit" ? [acl.text] : [])))];
}

/** Prefixes in maps are plain words, which nobody needs to judge. */
function isJudged(route: Route): boolean {
  return route.acl.kind === "explicit" && !isMapped(route);
}
