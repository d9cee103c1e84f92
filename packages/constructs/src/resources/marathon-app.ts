// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type AppAutoscale,
  type App as AppDocument,
  type AppOptions,
  resourceTokens,
} from "@pulumi-mesos/model";
import { appArgsFromFile } from "./app-file";
import { isOfType } from "./is-of-type";
import type { Lifted } from "./lifted";
import { pluginOptions } from "./plugin-options";
import { withoutStackTraces } from "./stack-traces";

/**
 * An app in Marathon's own words and units, as its HTTP API takes it: the shapes of 1.5 to 1.11 and the older ones of
 * networks and ports (`container.docker.network`, `ports`, `uris`, `ipAddress`). Every value, at any depth, may be an
 * Input. Fields that Marathon does not know are refused, at compile time and at preview.
 */
export interface AppArgs extends Omit<Lifted<AppDocument>, "id" | "version">, Lifted<AppOptions> {
  /** Path of the app, absolute or relative to the root. @default "/" and the resource's name */
  readonly id?: pulumi.Input<string>;
  /** Whether `instances` is kept as given; false leaves it to others, such as an autoscaler, once the app is made. @default true */
  readonly manageInstances?: pulumi.Input<boolean>;
  /**
   * Between which bounds the app follows its traffic, as all edges count it, by Kubernetes' rules; exactly one target. The
   * controller of the cluster owns `instances` then: the program's `instances` is how many it begins with (`min`
   * otherwise), no number within the bounds is drift, and what the program says of bounds and target counts at once.
   * Without `autoscale` again, `instances` is the program's again. Somebody who sets 0 instances stops the app and the following.
   *
   * @default instances are the program's
   * @example
   * autoscale: { min: 2, max: 20, targetRps: 50, scaleDown: { stabilizationSeconds: 120 } }
   */
  readonly autoscale?: pulumi.Input<Lifted<AppAutoscale>>;
  /** Any text: when it changes, all tasks restart although nothing else changed. */
  readonly restartTrigger?: pulumi.Input<string>;
  /**
   * What happens to a deployment that is not done in time (`customTimeouts`, 10 minutes otherwise) or can never be
   * done: `rollback` goes back to what was before, `cancel` ends it and leaves the tasks as they are, `leave` leaves it
   * running. @default "leave"
   */
  readonly onTimeout?: pulumi.Input<"rollback" | "cancel" | "leave">;
  /**
   * Whether a change overwrites what others changed since the last refresh, and cancels deployments that lock the app.
   * @default false: such a change is refused, and such deployments are waited for, but for one of its own from an earlier run
   */
  readonly force?: pulumi.Input<boolean>;
}

/** One task of an app. */
export interface AppTask {
  readonly id: string;
  /** Where it runs. */
  readonly host: string;
  /** Its ports on that host. */
  readonly ports: number[];
  /** Its own addresses. */
  readonly ipAddresses: string[];
}

/**
 * A Marathon app, waited for until all its instances are healthy.
 *
 * A change of `instances` alone scales; any other change restarts all tasks by the app's `upgradeStrategy`; a changed
 * `id` makes another app. `pulumi preview` says which it is. Apps that no program names stay untouched, and what
 * somebody else changed since the last refresh is not overwritten unless `force` is set. The program is the history:
 * going back in it brings the earlier definition back.
 *
 * @example
 * new mesos.marathon.App("web", {
 *   cpus: 0.1, mem: 64, instances: 2,
 *   container: { docker: { image: "nginx:latest" }, portMappings: [{ containerPort: 80 }] },
 *   networks: [{ mode: "container/bridge" }],
 *   healthChecks: [{ path: "/" }],
 * }, { provider: cluster.provider });
 */
export class App extends pulumi.CustomResource {
  /** @internal */
  static readonly __pulumiType = resourceTokens.app;

  /** The app's absolute path, such as `/web`. */
  declare readonly appId: pulumi.Output<string>;
  /** When the app was changed last, as Marathon's version of it. */
  declare readonly version: pulumi.Output<string>;
  /** When anything but `instances` was changed last: tasks started before are of an older version. */
  declare readonly lastConfigChangeAt: pulumi.Output<string>;
  /** The service port of each port, given or assigned. */
  declare readonly servicePorts: pulumi.Output<number[]>;
  /** The deployment of the last change. */
  declare readonly deploymentId: pulumi.Output<string>;
  /** The tasks after the last change or refresh. They change by themselves: let nothing be replaced because of them. */
  declare readonly tasks: pulumi.Output<AppTask[]>;
  /** The app in Marathon's web interface. */
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: AppArgs, opts?: pulumi.CustomResourceOptions) {
    const { id, ...document } = args;
    const inputs = opts?.id === undefined ? { ...document, appId: id ?? `/${name}` } : { appId: undefined };
    const outputs = {
      version: undefined,
      lastConfigChangeAt: undefined,
      servicePorts: undefined,
      deploymentId: undefined,
      tasks: undefined,
      url: undefined,
    };
    const restore = withoutStackTraces();
    try {
      super(resourceTokens.app, name, { ...inputs, ...outputs }, pluginOptions(opts));
    } catch (error) {
      throw restore(error);
    } finally {
      restore();
    }
  }

  /** An app that exists already, by its path, to read its outputs; nothing of it is managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): App {
    return new App(name, {}, { ...opts, id });
  }

  /**
   * The arguments that a Marathon JSON file stands for, unchanged: as for `POST /v2/apps` in old and new shapes, or as
   * Marathon answered it, whose read-only fields are dropped. The path is relative to where the program runs.
   *
   * @example
   * new mesos.marathon.App("web", { ...mesos.marathon.App.fromJson("web.json"), instances: 3 });
   */
  static fromJson(file: string): AppArgs {
    return appArgsFromFile(file);
  }

  /** Whether `value` is an App, also one from another copy of this package. */
  static override isInstance(value: unknown): value is App {
    return isOfType(value, App.__pulumiType);
  }
}
