// SPDX-License-Identifier: Apache-2.0
import type { Operation, Resource } from "../mesos/messages";

function labels(resource: Resource): string {
  return JSON.stringify(resource.reservations?.at(-1)?.labels ?? {});
}

function plain({ allocation_info: _role, ...resource }: Resource): Resource {
  return resource;
}

function isSame(a: Resource, b: Resource): boolean {
  return (
    a.name === b.name &&
    labels(a) === labels(b) &&
    a.scalar?.value === b.scalar?.value &&
    a.disk?.persistence?.id === b.disk?.persistence?.id
  );
}

/** What is reserved on one agent, as RESERVE, CREATE, DESTROY and UNRESERVE leave it. */
export class FakeReservations {
  #resources: Resource[] = [];

  get all(): readonly Resource[] {
    return this.#resources;
  }

  /** How much of `name` is reserved. */
  amount(name: string): number {
    return this.#resources.filter((r) => r.name === name).reduce((sum, r) => sum + (r.scalar?.value ?? 0), 0);
  }

  get ports(): number[] {
    return this.#resources.flatMap((r) => r.ranges?.range ?? []).map((r) => r.begin);
  }

  /** What is reserved for instances of which no task of `taskIds` runs. */
  unused(taskIds: readonly string[]): Resource[] {
    return this.#resources.filter((r) => {
      const owner = r.reservations?.at(-1)?.labels?.labels?.find((l) => l.key === "marathon_task_id")?.value;
      return !taskIds.some((id) => owner !== undefined && id.startsWith(`${owner}.`));
    });
  }

  apply(operation: Operation): void {
    switch (operation.type) {
      case "RESERVE":
        this.#resources.push(...operation.reserve.resources.map(plain));
        break;
      case "UNRESERVE":
        for (const resource of operation.unreserve.resources) this.#replace(resource, undefined);
        break;
      case "CREATE":
        for (const volume of operation.create.volumes) this.#replace({ ...volume, disk: undefined }, volume);
        break;
      case "DESTROY":
        for (const volume of operation.destroy.volumes) this.#replace(volume, { ...volume, disk: undefined });
        break;
      default:
        break;
    }
  }

  #replace(old: Resource, fresh: Resource | undefined): void {
    const index = this.#resources.findIndex((r) => isSame(r, old));
    if (index < 0) return;
    this.#resources.splice(index, 1, ...(fresh === undefined ? [] : [plain(fresh)]));
  }
}
