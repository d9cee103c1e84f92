// SPDX-License-Identifier: Apache-2.0
import { existsSync, lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { TaskInfo, Volume } from "../protocol/types";

/** Where a task's volumes may lie. */
export interface VolumeRoots {
  readonly sandbox: string;
  /** The executor's sandbox, for a task of a group. */
  readonly parent: string | undefined;
  /** `work_dir/volumes` */
  readonly persistent: string;
  /** Hands a directory that was made for the task to its user. */
  readonly own: (path: string) => void;
}

/** One directory or file of this machine, and where the task sees it. */
export interface Mount {
  readonly source: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
}

/** The volumes that a task's container and its disk resources name; sources are made where Mesos makes them. */
export function mountsOf(info: TaskInfo, roots: VolumeRoots): Mount[] {
  const named = (info.container?.volumes ?? []).map((volume) => mountOf(volume, roots));
  return [...named, ...persistentMounts(info, roots)];
}

function mountOf(volume: Volume, roots: VolumeRoots): Mount {
  const { source, container_path: containerPath } = volume;
  const readOnly = volume.mode === "RO";
  const host = volume.host_path ?? source?.host_path?.path;
  if (host !== undefined) {
    if (!isAbsolute(host)) {
      const own = within(roots.sandbox, host);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      roots.own(own);
      return { source: own, containerPath, readOnly };
    }
    if (!existsSync(host)) throw failure(`the host path '${host}' of a volume does not exist`);
    return { source: host, containerPath, readOnly };
  }
  const shared = source?.sandbox_path;
  if (shared === undefined) throw failure(`volumes of the type ${source?.type ?? "image"} are not simulated`);
  if (shared.type === "PARENT" && roots.parent === undefined) {
    throw failure("SANDBOX_PATH volume of the type PARENT is only for nested containers");
  }
  const directory = within(
    (shared.type === "PARENT" ? roots.parent : undefined) ?? roots.sandbox,
    shared.path,
  );
  if (mkdirSync(directory, { recursive: true, mode: 0o755 }) !== undefined) roots.own(directory);
  return { source: directory, containerPath, readOnly };
}

/** A persistent volume outlives the task: `volumes/roles/<role>/<id>`, as the real agent lays it out. */
export function persistentMounts(
  { resources }: Pick<TaskInfo, "resources">,
  roots: Pick<VolumeRoots, "persistent" | "own">,
): Mount[] {
  return resources.flatMap((resource) => {
    const { disk, role, reservations } = resource as DiskResource;
    const id = disk?.persistence?.id;
    const containerPath = disk?.volume?.container_path;
    if (id === undefined || containerPath === undefined) return [];
    const owner = reservations?.at(-1)?.role ?? role ?? "*";
    const directory = within(roots.persistent, join("roles", owner.replaceAll("/", " "), id));
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    roots.own(directory);
    return [{ source: directory, containerPath, readOnly: disk?.volume?.mode === "RO" }];
  });
}

interface DiskResource {
  readonly role?: string;
  readonly reservations?: readonly { readonly role?: string }[];
  readonly disk?: {
    readonly persistence?: { readonly id?: string };
    readonly volume?: { readonly container_path?: string; readonly mode?: string };
  };
}

/**
 * Shows mounts to a task that runs without a root of its own: links in the sandbox, as Mesos's posix filesystem makes them.
 * An absolute path would need a mount namespace, so it must be the source itself.
 */
export function linkMounts(mounts: readonly Mount[], sandbox: string): void {
  for (const { source, containerPath } of mounts) {
    if (isAbsolute(containerPath)) {
      if (normalize(containerPath) === source) continue;
      throw failure(`the absolute container path '${containerPath}' of a volume needs a container image`);
    }
    const link = within(sandbox, containerPath);
    if (link === source || lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    mkdirSync(dirname(link), { recursive: true, mode: 0o755 });
    symlinkSync(source, link);
  }
}

function within(root: string, path: string): string {
  const whole = join(root, path);
  if (isAbsolute(path) || !`${whole}/`.startsWith(`${root}/`)) {
    throw failure(`the path '${path}' of a volume must be relative and must not leave its directory`);
  }
  return whole;
}

function failure(why: string): MesosError {
  return new MesosError("MESOS_SIMULATOR_TASK", why);
}
