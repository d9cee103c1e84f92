// SPDX-License-Identifier: Apache-2.0
import { Clients, isGone } from "./clients";
import { seenAs } from "./normal";
import type { AnyFunction, AnyType, Bag } from "./resource-type";

/** Carries what the types of the table say to the services of one region. */
export class Carrier {
  readonly #clients: Clients;

  constructor(region: string) {
    this.#clients = new Clients(region);
  }

  /** What AWS answers to a function. */
  async ask(entry: AnyFunction, inputs: Bag): Promise<Bag> {
    return entry.answer(await this.#clients.send(entry.service, entry.ask(inputs)));
  }

  async create(entry: AnyType, inputs: Bag): Promise<{ readonly id: string; readonly computed: Bag }> {
    const made = await this.#clients.send(entry.service, entry.make(inputs, String(inputs["name"])));
    const id = entry.id(made, inputs);
    if (id === undefined) throw new Error(`AWS gave no id: ${JSON.stringify(made)}`);
    try {
      for (const command of entry.finish?.(inputs, id, made) ?? [])
        await this.#clients.send(entry.service, command);
    } catch (error) {
      // Nothing that is half made stays: the engine knows nothing of it.
      await this.remove(entry, id, inputs);
      throw error;
    }
    return { id, computed: await this.#computed(entry, id, inputs) };
  }

  async change(entry: AnyType, id: string, inputs: Bag, olds: Bag): Promise<Bag> {
    for (const command of entry.change?.(inputs, id, olds) ?? [])
      await this.#clients.send(entry.service, command);
    return this.#computed(entry, id, inputs);
  }

  /** What AWS has of it, written as it was declared; nothing when it is gone. */
  async look(entry: AnyType, id: string, state: Bag): Promise<ReturnType<typeof seenAs> | undefined> {
    try {
      const looked = await this.#clients.send(entry.service, entry.look(id, state));
      const seen = entry.see(looked, id, state) as Bag | undefined;
      return seen && seenAs(state, JSON.parse(JSON.stringify(seen)) as Bag);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Ends it; what is gone already is well. */
  async remove(entry: AnyType, id: string, state: Bag): Promise<void> {
    for (const command of entry.unmake(id, state)) {
      try {
        await this.#clients.send(entry.service, command);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  }

  async #computed(entry: AnyType, id: string, inputs: Bag): Promise<Bag> {
    const state = await this.look(entry, id, inputs);
    if (state === undefined) throw new Error(`${id} is not there, though AWS made it`);
    return state.computed;
  }
}
