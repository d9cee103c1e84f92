// SPDX-License-Identifier: Apache-2.0
import type { ImportedResource } from "./plan";
import { expression } from "./source-text";

/** From how many resources on each top-level group has a file of its own. */
const oneFile = 50;

/** The program's files by their paths, `index.ts` first. */
export function programFiles(
  resources: readonly ImportedResource[],
  origin: string,
): ReadonlyMap<string, string> {
  const heading = `// What ran on the Marathon at ${origin}, as \`pulumi-mesos import\` found it. Yours to change from here on.\n`;
  if (resources.length <= oneFile) return new Map([["index.ts", heading + moduleText(resources)]]);
  const own = resources.filter((resource) => topGroup(resource) === undefined);
  const names = new Set(resources.map(topGroup).filter((group) => group !== undefined));
  const named = [...names].map((group) => ({ group, list: resources.filter((r) => topGroup(r) === group) }));
  const imports = named.map(({ group }) => `import "./groups/${group}";\n`).join("");
  const rest = own.length > 0 ? moduleText(own, imports) : imports;
  return new Map([
    ["index.ts", heading + rest],
    ...named.map(({ group, list }): [string, string] => [`groups/${group}.ts`, moduleText(list)]),
  ]);
}

/** The top-level group that an app or pod is in, unless it stands at the root itself; of such a group itself. */
function topGroup({ name, kind }: ImportedResource): string | undefined {
  const slash = name.indexOf("/");
  if (slash < 0) return kind.word === "group" ? name : undefined;
  return name.slice(0, slash);
}

function moduleText(resources: readonly ImportedResource[], imports = ""): string {
  const secret = resources.some(({ secrets }) => secrets.size > 0);
  return [
    secret ? `import * as pulumi from "@pulumi/pulumi";\n` : "",
    `import * as mesos from "pulumi-mesos";\n`,
    imports,
    secret ? "\nconst config = new pulumi.Config();\n" : "",
    ...resources.map(resourceText),
  ].join("");
}

function resourceText({ kind, name, args, secrets }: ImportedResource): string {
  const replaced = (path: string): string | undefined => {
    const secret = secrets.get(path);
    return secret && `config.requireSecret(${JSON.stringify(secret.key)})`;
  };
  const fields = Object.entries(args).map(
    ([key, value]) => `  ${key}: ${expression(value, 2, replaced, [key])},\n`,
  );
  return `\nnew mesos.marathon.${kind.className}(${JSON.stringify(name)}, {\n${fields.join("")}});\n`;
}
