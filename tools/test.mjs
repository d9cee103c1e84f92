// SPDX-License-Identifier: Apache-2.0
// `npm test`: sets the machine up, then runs every suite in a mocha process of its own, two at a time and a patient one
// beside them, and adds up their totals. Words after `--` choose what runs: `npm test -- model e2e` or `npm test -- e2e:quickstart`.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findChromium } from "./setup/browser.mjs";
import { findDocker } from "./setup/docker.mjs";
import { findCloudInit, findSsh } from "./setup/for-tests.mjs";
import { findMoto } from "./setup/moto.mjs";
import { privateNetwork } from "./setup/private-network.mjs";
import { sayFailure, step } from "./setup/report.mjs";
import { withDocker } from "./setup/with-docker.mjs";
import { setup } from "./setup.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const lanes = 2;
/** A bound against hanging, as when a test leaves something open. */
const longestMinutes = 20;
/** The suites that click and read in Chromium; nothing else needs one. */
const clicking = new Set(["simulator", "pages", "edge:page", "groups:page"]);
/** The suites that need a dockerd, and whether it has the images of `npm run images`, all or some, which are kept for the next time. */
const onDocker = new Map([
  ["simulator", { keep: false }],
  ["groups", { keep: false }],
  ["e2e:docker", { keep: true }],
  ["e2e:aws-machines", { keep: true, chosen: ["zookeeper", "simulator", "machine"] }],
]);

/** The suites that talk to a moto server. */
const onMoto = new Set(["groups", "e2e:aws-types", "e2e:aws", "e2e:aws-files"]);
/** The suites that sign in to an OpenSSH server. */
const onSsh = new Set(["client", "e2e:aws", "e2e:aws-files"]);
/** The suites whose programs listen at addresses of 10.0.0.0/8, in a network of their own where the machine allows one. */
const apart = new Set(["e2e:aws", "e2e:aws-files"]);

/** The suites that wait for times to end, and take a fifth of a processor at most: one of them runs beside the two of the others. */
const patient = new Set([
  "client",
  "provider",
  "e2e:marathon-deaths",
  "e2e:marathon-faults",
  "e2e:on-timeout",
  "e2e:upgrade",
]);

/** What runs in one mocha process: an end-to-end test, a package's unit tests, or what uses Pulumi's process-wide mocks. */
function suites() {
  const endToEnd = readdirSync(path.join(root, "test/src"))
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -".test.ts".length))
    .map((name) => ({ name: `e2e:${name}`, glob: `test/dist/${name}.test.js` }));
  const packages = ["simulator", "provider", "supervisor", "client", "cli", "model"].map((name) => ({
    name,
    glob: `packages/${name}/dist/**/*.test.js`,
  }));
  // Of the edge's and the groups' tests only those of their page need a browser, and must not run beside others that touch the network.
  const edge = [
    { name: "edge", glob: "packages/edge/dist/**/!(page).test.js" },
    { name: "edge:page", glob: "packages/edge/dist/page/page.test.js" },
  ];
  // The pure parts; those with mocks run in a process of their own.
  const aws = { name: "aws", glob: "packages/aws/dist/!(*.mocks).test.js" };
  const groups = [
    { name: "groups", glob: "packages/groups/dist/**/!(page).test.js" },
    { name: "groups:page", glob: "packages/groups/dist/page.test.js" },
  ];
  const examples = ["test-your-stack", "own-framework", "aws", "autoscale"].map((name) => ({
    name: `examples:${name}`,
    glob: `examples/${name}/dist/*.test.js`,
  }));
  const mocks = ["constructs", "docker", "aws"].map((name) => ({
    name: name === "constructs" ? "mocks" : `mocks:${name}`,
    glob: `packages/${name}/dist/**/*.mocks.test.js`,
  }));
  const pages = { name: "pages", glob: "packages/pages/dist/**/*.test.js" };
  // The short ones last, so that both lanes end at about the same time.
  return [
    ...packages,
    ...edge,
    ...groups,
    ...endToEnd,
    pages,
    aws,
    ...examples,
    ...mocks,
    { name: "tools", glob: "tools/test/**/*.test.mjs" },
  ];
}

function chosen(words) {
  const all = suites();
  const matches = (suite, word) => suite.name === word || suite.name.startsWith(`${word}:`);
  const unknown = words.filter((word) => !all.some((suite) => matches(suite, word)));
  if (unknown.length > 0) {
    throw new Error(
      `no suite is named ${unknown.join(", ")}; there are ${all.map((s) => s.name).join(", ")}`,
    );
  }
  return words.length === 0 ? all : all.filter((suite) => words.some((word) => matches(suite, word)));
}

/** Runs one suite and prints its output in one piece; answers whether its process ended well. */
function run({ name, glob }, env) {
  const mocha = path.join(root, "node_modules/mocha/bin/mocha.js");
  const words = [process.execPath, mocha, "--reporter", path.join(root, "tools/mocha-totals.cjs"), glob];
  const [command, ...args] = [...(apart.has(name) ? privateNetwork() : []), ...words];
  const began = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    child.once("error", reject);
    const guard = setTimeout(() => {
      output.push(
        Buffer.from(`\n${name} has not ended after ${longestMinutes} minutes: something is left open\n`),
      );
      child.kill("SIGKILL");
    }, longestMinutes * 60_000);
    child.once("close", (code) => {
      clearTimeout(guard);
      console.log(`\n== ${name} (${((Date.now() - began) / 1000).toFixed(0)} s)\n${Buffer.concat(output)}`);
      resolve(code === 0);
    });
  });
}

/** Runs one suite, beside a dockerd where it needs one; where there is none, its tests say why. */
function runProvided(suite, env, engine) {
  const options = onDocker.get(suite.name);
  if (options === undefined) return run(suite, env);
  return withDocker({ name: suite.name, ...options, engine }, env, (provided) => run(suite, provided));
}

/** Whether a suite loads pages, or changes the machine's network by a dockerd. */
function touchesNetwork({ name }) {
  return clicking.has(name) || onDocker.has(name);
}

async function runAll(queue, env, engine) {
  const waiting = queue.filter(({ name }) => !patient.has(name));
  const patiently = queue.filter(({ name }) => patient.has(name));
  const broken = [];
  let touched = false;
  // Pages that load fail when the network changes beside them: of the suites that touch it, one runs at a time.
  const next = () => {
    const index = waiting.findIndex((suite) => !(touched && touchesNetwork(suite)));
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };
  const lane = async (take) => {
    // When only such suites are left, the lane that runs one of them goes on with the others.
    for (let suite = take(); suite !== undefined; suite = take()) {
      const touches = touchesNetwork(suite);
      touched ||= touches;
      if (!(await runProvided(suite, env, engine))) broken.push(suite.name);
      if (touches) touched = false;
    }
  };
  await Promise.all([...Array.from({ length: lanes }, () => lane(next)), lane(() => patiently.shift())]);
  return broken;
}

async function main() {
  const queue = chosen(process.argv.slice(2));
  const { engine, programs } = await setup();
  if (queue.some(({ name }) => clicking.has(name))) await step("browser", findChromium);
  if (queue.some(({ name }) => onDocker.has(name))) await step("docker", findDocker);
  const moto = queue.some(({ name }) => onMoto.has(name)) ? await step("moto", findMoto) : {};
  const ssh = queue.some(({ name }) => onSsh.has(name)) ? await step("ssh", findSsh) : {};
  const cloudInit = queue.some(({ name }) => name === "aws") ? await step("cloud-init", findCloudInit) : {};
  const scratch = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-test-"));
  const totals = path.join(scratch, "totals");
  // The programs come last, as for the plugin: what the machine has itself wins.
  const PATH = [engine, process.env.PATH, programs].join(path.delimiter);
  const began = Date.now();
  const env = {
    ...process.env,
    PATH,
    TEST_TOTALS: totals,
    ...(moto.server === undefined ? {} : { TEST_MOTO_SERVER: moto.server }),
    ...(moto.missing === undefined ? {} : { TEST_MOTO_MISSING: moto.missing }),
    ...(ssh.program === undefined ? {} : { TEST_SSHD: ssh.program }),
    ...(cloudInit.program === undefined ? {} : { TEST_CLOUD_INIT: cloudInit.program }),
    ...(ssh.missing === undefined ? {} : { TEST_SSH_MISSING: ssh.missing }),
  };
  const broken = await runAll(queue, env, engine);
  const lines = existsSync(totals) ? readFileSync(totals, "utf8").trim().split("\n") : [];
  rmSync(scratch, { recursive: true, force: true });
  const counts = lines.map((line) => JSON.parse(line));
  const sum = (key) => counts.reduce((n, count) => n + count[key], 0);
  // A process that died without a total (a crash, a missing file) must not look like success.
  const failed = Math.max(sum("failures"), broken.length);
  // Said again at the end, where a reader of a long log looks first.
  for (const { title, error } of counts.flatMap((count) => count.failed)) {
    console.log(`\nfailed: ${title}\n${error}`);
  }
  if (broken.length > 0) console.log(`\nsuites that failed: ${broken.join(", ")}`);
  console.log(`all suites took ${((Date.now() - began) / 1000).toFixed(0)} s`);
  console.log(`${sum("passes")} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  sayFailure(error);
  process.exitCode = 1;
}
