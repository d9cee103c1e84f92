// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import path from "node:path";
import { packageVersion } from "@pulumi-mesos/model";

/** The files of a Pulumi project around the program, for a folder that has none. */
export function projectFiles(directory: string): ReadonlyMap<string, string> {
  const name = projectName(directory);
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  return new Map([
    [
      "Pulumi.yaml",
      `name: ${name}\nruntime: nodejs\nplugins:\n  providers:\n    - name: mesos\n      path: node_modules/.bin\n`,
    ],
    [
      "package.json",
      json({
        name: name.toLowerCase(),
        private: true,
        main: "index.ts",
        dependencies: { "@pulumi/pulumi": "3.245.0", "pulumi-mesos": packageVersion },
        devDependencies: { "@types/node": "^20.19.0", "ts-node": "^10.9.2", typescript: "~5.9.3" },
      }),
    ],
    [
      "tsconfig.json",
      json({
        compilerOptions: {
          strict: true,
          target: "es2022",
          module: "node16",
          moduleResolution: "node16",
          skipLibCheck: true,
        },
        files: ["index.ts"],
      }),
    ],
  ]);
}

/** The folder of the Pulumi project that `directory` is in. */
export function findProject(directory: string): string | undefined {
  if (["Pulumi.yaml", "Pulumi.yml"].some((file) => existsSync(path.join(directory, file)))) return directory;
  const parent = path.dirname(directory);
  return parent === directory ? undefined : findProject(parent);
}

/** The folder's name in the letters that a project's name may have. */
function projectName(directory: string): string {
  const name = path
    .basename(directory)
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return name === "" ? "marathon" : name;
}
