// SPDX-License-Identifier: Apache-2.0

import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extract, extractedRoot, searchFolders } from "../setup/programs.mjs";
import { SetupError } from "../setup/report.mjs";
import { findProgram, run, tail } from "../setup/run.mjs";

const release = "bookworm";
const debootstrapPackage = [{ name: "debootstrap", package: "debootstrap" }];

/** Debian's own lines of `apt-get indextargets`, as sources.list has them, the release's own archive first. */
export function sourceLines(targets) {
  const lines = targets
    .split("\n")
    .filter((line) => line.endsWith(" Packages"))
    .map((line) => line.split(" "))
    .filter(([, suite]) => suite === release || suite?.startsWith(`${release}-`))
    .map(([site, suite, component]) => `deb ${site} ${suite} ${component}`);
  return [...new Set(lines)].sort((a, b) => rank(a) - rank(b));
}

function rank(line) {
  return line.split(" ")[2] === release ? 0 : 1;
}

async function machineSources() {
  const format = "$(SITE) $(RELEASE) $(COMPONENT) $(CREATED_BY)";
  const { code, stdout } = await run("apt-get", ["indextargets", "--format", format, "Origin: Debian"]);
  const lines = code === 0 ? sourceLines(stdout) : [];
  if (!lines[0]?.includes(` ${release} `))
    throw new SetupError(`the apt sources of this machine do not have Debian ${release}`);
  return lines;
}

/** debootstrap is a script: it runs from an unpacked package as well as from an installed one. */
async function findDebootstrap(note) {
  const installed = findProgram("debootstrap", searchFolders());
  if (installed !== undefined) return { program: installed, env: process.env };
  const root = extractedRoot(debootstrapPackage);
  const program = join(root, "usr/sbin/debootstrap");
  if (!existsSync(program)) {
    const isThere = (_, tree) => (existsSync(join(tree, "usr/sbin/debootstrap")) ? tree : undefined);
    await extract(debootstrapPackage, root, note, isThere);
  }
  return { program, env: { ...process.env, DEBOOTSTRAP_DIR: join(root, "usr/share/debootstrap") } };
}

/** What a root file system needs to serve as an image: where packages come from, and that none starts a service. */
function prepare(root, sources) {
  writeFileSync(join(root, "etc/apt/sources.list"), `${sources.join("\n")}\n`);
  writeFileSync(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n");
  chmodSync(join(root, "usr/sbin/policy-rc.d"), 0o755);
  // It would keep every package twice in the layer of the image.
  const clean = 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\n';
  writeFileSync(join(root, "etc/apt/apt.conf.d/docker-clean"), clean);
  for (const folder of ["var/cache/apt/archives", "var/lib/apt/lists"]) {
    rmSync(join(root, folder), { recursive: true, force: true });
    mkdirSync(join(root, folder, "partial"), { recursive: true });
  }
}

/** Makes an image of Debian from the mirrors of this machine, for where no registry answers. Needs root. */
export async function makeDebian(docker, image, note) {
  if (process.getuid?.() !== 0)
    throw new SetupError("no base image can be pulled, and only root can make one");
  const sources = await machineSources();
  const { program, env } = await findDebootstrap(note);
  const folder = mkdtempSync(join(tmpdir(), "pulumi-mesos-debian-"));
  try {
    const root = join(folder, "root");
    const [, mirror] = sources[0].split(" ");
    note(`making ${image} with debootstrap, about a minute`);
    const include = sources.some((line) => line.includes(" https:")) ? ["--include=ca-certificates"] : [];
    const made = await run(program, ["--variant=minbase", ...include, release, root, mirror], {
      env,
      group: true,
    });
    if (made.code !== 0) throw new SetupError(`debootstrap failed (${tail(made.output, 1)})`);
    prepare(root, sources);
    const archive = join(folder, "root.tar");
    const packed = await run("tar", ["-C", root, "--numeric-owner", "-cf", archive, "."]);
    if (packed.code !== 0) throw new SetupError(`tar failed (${tail(packed.output, 1)})`);
    await docker(["import", archive, image]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
