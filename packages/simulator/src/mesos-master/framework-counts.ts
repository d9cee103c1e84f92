// SPDX-License-Identifier: Apache-2.0
import type { TaskState } from "../protocol/types";
import type { SchedulerCall } from "./scheduler-call";

/** What a framework called, heard and did since this master knows it; never goes down. */
export class FrameworkCounts {
  readonly #counts = new Map<string, number>();

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  call({ type, accept, decline }: Pick<SchedulerCall, "type" | "accept" | "decline">): void {
    this.#add("calls");
    this.#add(`calls/${type.toLowerCase()}`);
    const operations = accept?.operations ?? [];
    // Without operations it means the same as a DECLINE.
    this.#add(`offers/${operations.length > 0 ? "accepted" : "declined"}`, accept?.offer_ids?.length);
    this.#add("offers/declined", decline?.offer_ids?.length);
    for (const operation of operations) {
      this.#add("operations");
      this.#add(`operations/${operation.type.toLowerCase()}`);
    }
  }

  event(event: Readonly<Record<string, unknown>>): void {
    const type = String(event["type"]);
    this.#add("events");
    this.#add(`events/${type.toLowerCase()}`);
    if (type === "RESCIND") this.#add("offers/rescinded");
    if (type === "OFFERS") {
      this.#add("offers/sent", (event["offers"] as { readonly offers: readonly unknown[] }).offers.length);
    }
  }

  ended(state: TaskState): void {
    this.#add(`tasks/terminal/${state.toLowerCase()}`);
  }

  #add(name: string, count = name.startsWith("offers/") ? 0 : 1): void {
    if (count > 0) this.#counts.set(name, this.get(name) + count);
  }
}
