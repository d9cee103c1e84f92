// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mendLinks } from "./links.mjs";
import { SetupError } from "./report.mjs";
import { run, tail } from "./run.mjs";

/**
 * Settings with which apt works in folders of its own, so that no root is needed, the system's lists stay as they are,
 * and root and other users go the same way. The hooks of a container image would tidy the system's own cache: cleared.
 */
export function aptConfiguration(folder) {
  return `Dir::State::lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}/cache";
Debug::NoLocking "true";
APT::Sandbox::User "root";
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

/**
 * The list of installed packages without those that bring what is missing: a package whose program is not where it
 * belongs counts as absent, so that it is fetched, and so does a half-installed one. What the others need or refuse is
 * dropped, because they stay as they are: neither a broken package nor one that misses what was left out may stop us.
 */
export function installedWithout(status, isWanted) {
  const paragraphs = status.split(/\n\n+/).filter((text) => text.trim() !== "");
  const kept = paragraphs.filter((text) => {
    const name = /^Package: (.*)$/m.exec(text)?.[1] ?? "";
    return /^Status: \S+ ok installed$/m.test(text) && !isWanted(name);
  });
  const relations =
    /^(?:Depends|Pre-Depends|Breaks|Conflicts|Recommends|Suggests|Enhances|Replaces): .*\n(?: .*\n)*/gm;
  return kept.map((text) => `${`${text}\n`.replace(relations, "")}\n`).join("");
}

const jrePattern =
  /^(default-jre|default-jre-headless|openjdk-\d+-jre|openjdk-\d+-jre-headless|default-java-plugin)$/;

/** The packages apt would install, as `name=version`, from what `apt-get --simulate install` prints. */
export function closure(simulation) {
  const lines = simulation.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) [^)]*\)/gm);
  return [...lines].map(([, name, version]) => `${name}=${version}`);
}

async function apt(folder, args, cwd) {
  // `-c` is read after the system's settings, so ours win.
  return run("apt-get", ["-q", "-c", join(folder, "apt.conf"), ...args], {
    cwd,
    env: { ...process.env, LC_ALL: "C" },
  });
}

async function resolveClosure(packages, wantsJava, folder) {
  const isWanted = (name) => packages.includes(name) || (wantsJava && jrePattern.test(name));
  writeFileSync(
    join(folder, "status"),
    installedWithout(readFileSync("/var/lib/dpkg/status", "utf8"), isWanted),
  );
  // Its exit code also tells of third-party sources that do not answer; what counts is whether the packages are known.
  const update = await apt(folder, ["update"], folder);
  const plan = await apt(folder, ["--simulate", "--no-remove", "install", ...packages], folder);
  if (plan.code !== 0) {
    const reason =
      /^E: (.*)$/m.exec(plan.output)?.[1] ?? /^[EW]: (.*)$/m.exec(update.output)?.[1] ?? "no answer";
    throw new SetupError(`apt cannot provide it (${reason})`);
  }
  const wanted = closure(plan.stdout);
  // Not when java stands outside of Debian's packages: then zookeeper's own wish for a JRE is served already.
  return wantsJava ? wanted : wanted.filter((entry) => !jrePattern.test(entry.split("=")[0]));
}

/** Fetches the packages of the missing programs with the dependencies this system lacks, and unpacks them in `root`. */
export async function extractPackages(missing, folder) {
  for (const name of ["lists/partial", "cache/archives/partial", "debs", "root"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, "apt.conf"), aptConfiguration(folder));
  const wantsJava = missing.some((program) => program.name === "java");
  const packages = await resolveClosure(
    missing.map((program) => program.package),
    wantsJava,
    folder,
  );
  const debs = join(folder, "debs");
  const download = await apt(folder, ["download", ...packages], debs);
  if (download.code !== 0) throw new SetupError(`apt-get download failed (${tail(download.output, 1)})`);
  for (const deb of readdirSync(debs)) {
    const { code, output } = await run("dpkg", ["-x", join(debs, deb), join(folder, "root")]);
    if (code !== 0) throw new SetupError(`dpkg cannot unpack ${deb} (${tail(output, 1)})`);
  }
  mendLinks(join(folder, "root"));
  for (const name of ["lists", "cache", "debs", "status", "apt.conf"]) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
