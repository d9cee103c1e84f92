// SPDX-License-Identifier: Apache-2.0
import type { Applied } from "../haproxy/applier";
import { mapFile, mapNames, mapText } from "../routing/maps";
import { type RenderSettings, render } from "../routing/render";
import type { Backend } from "../routing/route";

const hidden = "(hidden)";

/**
 * The configuration that HAProxy runs with, maps included, to be shown: without its passwords, and without the sections of
 * the user's own, which may hold any.
 */
export function shownConfiguration(
  { routes, table, maps, ...running }: Applied,
  settings: RenderSettings,
): string {
  const { statsPassword, extra } = settings;
  const shown = {
    ...settings,
    ...(statsPassword && { statsPassword: hidden }),
    ...(extra !== undefined && { extra: "# The sections of --haproxy-extra are not shown." }),
  };
  const generation = { number: running.generation, shape: running.shape };
  const backends = routes.backends.map(withoutPassword);
  return [
    render({ ...routes, backends }, table, shown, generation),
    ...mapNames.map((name) => `\n# ${mapFile(name)}\n${mapText(maps[name])}`),
  ].join("");
}

function withoutPassword(backend: Backend): Backend {
  const { options } = backend;
  if (!options?.auth) return backend;
  return { ...backend, options: { ...options, auth: { ...options.auth, hash: hidden } } };
}
