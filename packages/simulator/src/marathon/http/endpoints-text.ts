// SPDX-License-Identifier: Apache-2.0
import { flatName } from "../app/path-id";
import { type App, portsOf } from "../app/types";
import type { Marathon } from "../core/marathon";
import { checkedHost } from "../health/health-monitor";
import type { Instance } from "../instances/instance";

/**
 * The lines of `text/plain` answers of tasks: app, service port, then where each running task serves it, tabs between.
 *
 * Apps without ports have one line with a blank for the port. A container network without host ports shows the
 * container's own address.
 */
export function endpointsText(core: Marathon, apps: Iterable<App>): string {
  let text = "";
  for (const app of apps) {
    const running = core.tracker.ofSpec(app.id).filter((i) => i.condition === "Running");
    const ports = portsOf(app);
    const name = flatName(app.id);
    if (ports.length === 0) {
      text += `${name}\t \t${running.map((i) => `${i.task?.host} `).join("")}\n`;
    }
    ports.forEach((port, index) => {
      text += `${name}\t${port.servicePort}\t${running.map((i) => `${endpoint(app, i, index)}\t`).join("")}\n`;
    });
  }
  return text;
}

function endpoint(app: App, instance: Instance, index: number): string {
  const ports = portsOf(app);
  const port = ports[index];
  if (port?.hostPort === undefined) {
    return `${checkedHost(app, { portIndex: index }, instance)}:${port?.containerPort ?? 0}`;
  }
  const before = ports.slice(0, index).filter((p) => p.hostPort !== undefined).length;
  return `${instance.task?.host}:${instance.task?.ports[before] ?? 0}`;
}
