// SPDX-License-Identifier: Apache-2.0

// npm run images [-- NAME...]: builds the images that DockerPlatform runs, on the dockerd that DOCKER_HOST names; `machine`, which only
// tests run, where it is named.

import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyApp } from "./images/app-tree.mjs";
import { makeDebian } from "./images/base.mjs";
import { build } from "./setup/build.mjs";
import { repository } from "./setup/cache.mjs";
import { classPathIn } from "./setup/class-path.mjs";
import { dockerCommand } from "./setup/docker.mjs";
import { npmPackages } from "./setup/npm.mjs";
import { SetupError, sayFailure, step } from "./setup/report.mjs";
import { exitOnSignals, run, tail } from "./setup/run.mjs";
import { wrapperText, zooKeeperCommand } from "./setup/wrappers.mjs";

const { version } = JSON.parse(readFileSync(join(repository, "packages/constructs/package.json"), "utf8"));
const pullTimeoutMs = 300_000;
const programMode = 0o755;

/** Each image, the base that its Dockerfile takes, and what its build needs besides the Dockerfile. */
const images = [
  { name: "zookeeper", base: "debian", prepare: writeZooKeeperServer },
  { name: "simulator", base: "node", prepare: (folder) => copyOurs("@pulumi-mesos/simulator", folder) },
  { name: "edge", base: "node", prepare: (folder) => copyOurs("@pulumi-mesos/edge", folder) },
  { name: "groups", base: "node", prepare: (folder) => copyOurs("@pulumi-mesos/groups", folder) },
  { name: "machine", base: "debian", prepare: () => {}, forTests: true },
];

/** What they stand on: an image of a registry, or one of our own where it cannot be pulled. */
const bases = {
  debian: { argument: "DEBIAN", official: "debian:bookworm-slim", own: "pulumi-mesos/debian:bookworm" },
  node: { argument: "NODE", official: "node:20-bookworm-slim", own: "pulumi-mesos/node:20" },
};

function writeZooKeeperServer(folder) {
  const command = zooKeeperCommand("java", classPathIn("/usr/share/java"));
  const text = wrapperText({ libraries: [], command });
  writeFileSync(join(folder, "zookeeper-server"), text, { mode: programMode });
}

function copyOurs(name, folder) {
  return copyApp(repository, name, join(folder, "app"));
}

async function docker(args) {
  const { code, stdout, output } = await run(dockerCommand(), args, { group: true });
  if (code !== 0) throw new SetupError(`docker ${args[0]} failed (${tail(output, 5)})`);
  return stdout;
}

async function has(image) {
  return (await run(dockerCommand(), ["image", "inspect", image])).code === 0;
}

/** With the host's network: what reaches the mirrors here must reach them there. Proxies are the builder's, too. */
async function buildImage(image, folder, args) {
  const proxies = ["http_proxy", "https_proxy", "no_proxy"].filter((name) => process.env[name] !== undefined);
  const arguments_ = [...args, ...proxies].flatMap((argument) => ["--build-arg", argument]);
  await docker(["build", "--network=host", "--tag", image, ...arguments_, folder]);
}

/** Builds from a copy of a folder of `images/`, to which `prepare` adds. */
async function buildFrom(name, image, args, prepare) {
  const folder = mkdtempSync(join(tmpdir(), `pulumi-mesos-image-${name}-`));
  try {
    cpSync(join(repository, "images", name), folder, { recursive: true });
    await prepare(folder);
    await buildImage(image, folder, args);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The official base where dockerd has it or can pull it, otherwise one made here. */
async function findBase(name, note) {
  const { official, own } = bases[name];
  if (await has(official)) return official;
  if (await has(own)) return own;
  note(`pulling ${official}`);
  const { code, output } = await run(dockerCommand(), ["pull", "--quiet", official], {
    timeoutMs: pullTimeoutMs,
  });
  if (code === 0) return official;
  note(`${official} cannot be pulled (${tail(output, 1) || "it took too long"})`);
  if (name === "debian") await makeDebian(docker, own, note);
  else {
    const debian = await findBase("debian", note);
    const copyNode = (folder) => copyFileSync(process.execPath, join(folder, "node"));
    await buildFrom("node", own, [`DEBIAN=${debian}`], copyNode);
  }
  return own;
}

async function main(names) {
  exitOnSignals();
  const unknown = names.filter((name) => !images.some((image) => image.name === name));
  if (unknown.length > 0) {
    const all = images.map(({ name }) => name).join(", ");
    throw new SetupError(`no image is named ${unknown.join(", ")}; there are ${all}`);
  }
  await step("npm packages", npmPackages);
  await step("build", build);
  await docker(["version"]);
  const isChosen = ({ name, forTests }) => (names.length === 0 ? !forTests : names.includes(name));
  const chosen = images.filter(isChosen);
  const from = new Map();
  for (const base of new Set(chosen.map(({ base }) => base))) {
    await step(`base ${base}`, async (note) => {
      from.set(base, await findBase(base, note));
      return { text: from.get(base) };
    });
  }
  const builds = chosen.map(({ name, base, prepare }) =>
    step(`image ${name}`, async () => {
      const image = `pulumi-mesos/${name}:${version}`;
      await buildFrom(name, image, [`${bases[base].argument}=${from.get(base)}`], prepare);
      return { text: `${image} on ${from.get(base)}` };
    }),
  );
  const ends = await Promise.allSettled(builds);
  for (const { status, reason } of ends) if (status === "rejected") throw reason;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  sayFailure(error);
  process.exitCode = 1;
}
