// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp } from "@pulumi-mesos/client";
import type { BambooService } from "@pulumi-mesos/model";
import type { Context } from "../resource";
import { type Marathon, marathonIn } from "./marathon-in";
import { coloursOf } from "./release-facts";
import { ReleaseRule } from "./release-rule";

/** What there is of a release. */
export interface Found {
  readonly marathon: Marathon;
  readonly rule: ReleaseRule;
  readonly written: BambooService | undefined;
  readonly apps: ReadonlyMap<string, MarathonApp>;
}

/** Looks at both apps and the rule. */
export async function look(appId: string, context: Context): Promise<Found> {
  const marathon = marathonIn(context);
  const rule = new ReleaseRule(appId, context);
  const { signal } = context;
  const written = await rule.read(signal);
  const apps = await Promise.all(coloursOf(appId).map((path) => marathon.client.getApp(path, signal)));
  const there = apps.filter((app) => app !== undefined).map((app) => [app.id, app] as const);
  return { marathon, rule, written, apps: new Map(there) };
}
