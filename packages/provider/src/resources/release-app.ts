// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp } from "@pulumi-mesos/client";
import type { AppChange, ReleaseInputs } from "@pulumi-mesos/model";
import { factsOf } from "../marathon/server-facts";
import type { Context } from "../resource";
import { changeOf } from "./app-inputs";
import type { Marathon } from "./marathon-in";
import { appInputs } from "./release-facts";

/** What it takes to turn an app of the release that runs into what is asked for. */
export async function kindOfChange(
  marathon: Marathon,
  running: MarathonApp,
  inputs: Pick<ReleaseInputs, "app">,
  { signal }: Pick<Context, "signal">,
): Promise<AppChange["kind"]> {
  const facts = factsOf(await marathon.info(signal), running);
  return changeOf(running, appInputs(inputs, running.id), facts).kind;
}
