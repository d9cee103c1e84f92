// SPDX-License-Identifier: Apache-2.0
import type { Action, Authorizer } from "../authorizer";
import type { CommandInfo, FrameworkInfo } from "../protocol/types";
import type { Kept, KeptExecutor } from "./kept-executors";
import type { RunningTask } from "./running-task";

/** What of an agent a principal may see, by `--acls`: Mesos asks by the users of frameworks, executors and tasks (src/slave/http.cpp). */
export class Sight {
  readonly #authorizer: Authorizer;
  readonly #principal: string | undefined;

  constructor(authorizer: Authorizer, principal: string | undefined) {
    this.#authorizer = authorizer;
    this.#principal = principal;
  }

  allows(action: Action, object?: string): boolean {
    return this.#authorizer.allows(action, this.#principal, object);
  }

  /** A task of a framework that may be seen itself. */
  task({ info, record: { framework } }: RunningTask): boolean {
    return (
      this.allows("view_frameworks", framework.user) &&
      this.allows("view_tasks", userOf(info.command, framework))
    );
  }

  /** Frameworks, executors and tasks that may be seen. */
  kept(all: ReadonlyMap<string, Kept>): Map<string, Kept> {
    const seen = [...all]
      .filter(([, { framework }]) => this.allows("view_frameworks", framework.user))
      .map(([id, { framework, executors }]): [string, Kept] => {
        const some = [...executors].filter(([, executor]) =>
          this.allows("view_executors", userOfExecutor(executor, framework)),
        );
        return [id, { framework, executors: new Map(some.map(([key, one]) => [key, this.#tasksOf(one)])) }];
      });
    return new Map(seen);
  }

  #tasksOf(executor: KeptExecutor): KeptExecutor {
    const some = (tasks: readonly RunningTask[]): RunningTask[] => tasks.filter((task) => this.task(task));
    return { ...executor, tasks: some(executor.tasks), completed: some(executor.completed) };
  }
}

/** Whose a command's or an executor's process is: its own user's, otherwise its framework's. */
export function userOf(command: CommandInfo | undefined, framework: FrameworkInfo): string {
  return command?.user ?? framework.user;
}

/** The executor that Mesos makes for a command has the command's user. */
export function userOfExecutor({ info, tasks, completed }: KeptExecutor, framework: FrameworkInfo): string {
  const [task] = [...tasks, ...completed];
  const command = task?.record.executor === undefined ? task?.info.command : undefined;
  return userOf(info.command ?? command, framework);
}
