// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyApp, runtimePackages } from "../images/app-tree.mjs";
import { sourceLines } from "../images/base.mjs";
import { chromiumIn, fontConfiguration } from "../setup/browser.mjs";
import { treeStamp } from "../setup/build.mjs";
import { cacheRoot, folderKey, sweep } from "../setup/cache.mjs";
import { closure, installedWithout } from "../setup/extract.mjs";
import { mendLinks } from "../setup/links.mjs";
import { isStale, withLock } from "../setup/lock.mjs";
import { installedMatches } from "../setup/npm.mjs";
import { fits, requiredVersion } from "../setup/version.mjs";
import {
  missingLibraries,
  wrapperText,
  writeBrowserWrapper,
  writeDockerWrappers,
  zooKeeperCommand,
} from "../setup/wrappers.mjs";

describe("set-up", () => {
  let folder;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tools-setup-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe("version of the engine", () => {
    it("takes the same major from 3.245.0 on", () => {
      for (const version of ["v3.245.0", "3.245.1", "v3.300.0-alpha.1", "v3.245.0+dirty\n"])
        assert.ok(fits(version), version);
    });

    it("refuses older ones, the next major, prereleases of the minimum, and what is no version", () => {
      for (const version of ["v3.244.9", "v4.0.0", "v2.999.0", "v3.245.0-rc.1", "", "pulumi"]) {
        assert.ok(!fits(version), version);
      }
    });

    it("reads what a go.mod requires, alone or in a block", () => {
      assert.equal(requiredVersion("module a\n\nrequire b/c v1.2.3\n", "b/c"), "v1.2.3");
      assert.equal(requiredVersion("require (\n\tb/c/d v9.9.9\n\tb/c v1.2.3\n)\n", "b/c"), "v1.2.3");
    });
  });

  describe("Debian packages", () => {
    it("reads new and replaced packages from apt's simulation, and nothing else", () => {
      const simulation = [
        "Reading package lists...",
        "Inst liblua5.3-0 (5.3.6-2 Debian:12.15/oldstable [amd64])",
        "Inst libssl3 [3.0.1-1] (3.0.2-1 Debian-Security:12/oldstable-security [amd64]) []",
        "Inst libnetty-java (1:4.1.48-7+deb12u2 Debian:12, Debian-Security:12 [all])",
        "Conf liblua5.3-0 (5.3.6-2 Debian:12.15/oldstable [amd64])",
      ].join("\n");
      const wanted = ["liblua5.3-0=5.3.6-2", "libssl3=3.0.2-1", "libnetty-java=1:4.1.48-7+deb12u2"];
      assert.deepEqual(closure(simulation), wanted);
    });

    it("counts wanted and half-installed packages as absent, and drops what the others depend on", () => {
      const status = [
        "Package: a\nStatus: install ok installed\nDepends: b,\n c\nVersion: 1\n",
        "Package: b\nStatus: install ok installed\nVersion: 1\n",
        "Package: c\nStatus: deinstall ok config-files\nVersion: 1\n",
      ].join("\n");
      assert.equal(
        installedWithout(status, (name) => name === "b"),
        "Package: a\nStatus: install ok installed\nVersion: 1\n\n",
      );
    });

    it("points absolute links into the tree, and leaves those that lead out of it", () => {
      mkdirSync(join(folder, "etc/java"), { recursive: true });
      mkdirSync(join(folder, "lib"));
      writeFileSync(join(folder, "etc/java/net.properties"), "x");
      symlinkSync("/etc/java/net.properties", join(folder, "lib/net.properties"));
      symlinkSync("/no/such/file", join(folder, "lib/other"));
      mendLinks(folder);
      assert.equal(readFileSync(join(folder, "lib/net.properties"), "utf8"), "x");
      assert.equal(readlinkSync(join(folder, "lib/other")), "/no/such/file");
    });
  });

  describe("wrappers", () => {
    it("exec, quote paths and set a library path only when one is needed", () => {
      assert.match(
        wrapperText({ libraries: [], command: "'/a' \"$@\"" }),
        /^#!\/bin\/sh\n#.*\nexec '\/a' "\$@"\n$/,
      );
      assert.match(wrapperText({ libraries: ["/it's"], command: "x" }), /LD_LIBRARY_PATH='\/it'\\''s'/);
    });

    it("let the caller's JVM flags win over the quiet log", () => {
      const command = zooKeeperCommand("/java", "/jars/*");
      assert.ok(command.indexOf("defaultLogLevel=warn") < command.indexOf("$JVMFLAGS"));
      assert.ok(command.endsWith(`-cp '/jars/*' org.apache.zookeeper.server.quorum.QuorumPeerMain "$@"`));
    });

    it("know which libraries are missing, without those of the JRE itself", () => {
      const output =
        "\tlibjvm.so => not found\n\tliblua5.3.so.0 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n";
      assert.deepEqual(missingLibraries(output), ["liblua5.3.so.0"]);
    });
  });

  describe("browser", () => {
    it("is the program beside its data, with all libraries and fonts of its tree", async () => {
      const root = join(folder, "root");
      const lib = join(root, "usr/lib/x86_64-linux-gnu");
      for (const path of ["usr/lib/chromium", "usr/lib/x86_64-linux-gnu/pulseaudio"])
        mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(lib, "pulseaudio/libpulsecommon-16.1.so"), "");
      assert.equal(chromiumIn(root), undefined);
      const path = join(root, "usr/lib/chromium/chromium");
      writeFileSync(path, "", { mode: 0o755 });
      assert.equal(chromiumIn(root), path);
      await writeBrowserWrapper(join(folder, "bin"), { root, path, fonts: "/fonts.conf" });
      const text = readFileSync(join(folder, "bin/chromium"), "utf8");
      assert.match(text, new RegExp(`LD_LIBRARY_PATH='${lib}:${lib}/pulseaudio'`));
      assert.match(
        text,
        /export FONTCONFIG_FILE='\/fonts\.conf'\nexec '.*\/usr\/lib\/chromium\/chromium' "\$@"/,
      );
      assert.match(fontConfiguration("/tree"), /<dir>\/tree\/usr\/share\/fonts<\/dir>/);
    });
  });

  describe("dockerd", () => {
    it("finds its helpers in its tree, and busybox is a link to the program itself", async () => {
      const root = join(folder, "root");
      for (const path of ["usr/sbin", "bin"]) mkdirSync(join(root, path), { recursive: true });
      const [dockerd, busybox] = [join(root, "usr/sbin/dockerd"), join(root, "bin/busybox")];
      for (const path of [dockerd, busybox]) writeFileSync(path, "", { mode: 0o755 });
      const bin = join(folder, "bin");
      for (const target of [dockerd, busybox])
        await writeDockerWrappers(bin, { root, dockerd, busybox: target });
      const own = `'${root}/usr/sbin:${root}/usr/bin':"$PATH"`;
      assert.match(readFileSync(join(bin, "dockerd"), "utf8"), /^#!\/bin\/sh\n/);
      assert.ok(
        readFileSync(join(bin, "dockerd"), "utf8").endsWith(`exec env PATH=${own} '${dockerd}' "$@"\n`),
      );
      assert.equal(readlinkSync(join(bin, "busybox")), busybox);
    });
  });

  describe("npm packages", () => {
    const entry = { version: "1.0.0" };

    it("match when all of the lockfile and nothing else is installed, but for other platforms' packages", () => {
      const lockfile = {
        packages: { "": {}, "node_modules/a": entry, "node_modules/mac": { ...entry, optional: true } },
      };
      assert.ok(installedMatches(lockfile, { packages: { "node_modules/a": entry } }));
    });

    it("fails when one is missing, another version or too many", () => {
      const lockfile = { packages: { "": {}, "node_modules/a": entry } };
      assert.ok(!installedMatches(lockfile, { packages: {} }));
      assert.ok(!installedMatches(lockfile, { packages: { "node_modules/a": { version: "1.0.1" } } }));
      assert.ok(
        !installedMatches(lockfile, { packages: { "node_modules/a": entry, "node_modules/b": entry } }),
      );
    });
  });

  describe("stamp of the build", () => {
    it("changes with the time of a source and with a deleted output, not with files that are no part of it", () => {
      writeFileSync(join(folder, "a.ts"), "1");
      writeFileSync(join(folder, "a.js"), "1");
      const first = treeStamp(folder);
      writeFileSync(join(folder, "notes.md"), "1");
      assert.equal(treeStamp(folder), first);
      utimesSync(join(folder, "a.ts"), 1, 1);
      const second = treeStamp(folder);
      assert.notEqual(second, first);
      rmSync(join(folder, "a.js"));
      assert.notEqual(treeStamp(folder), second);
    });
  });

  describe("cache", () => {
    it("lies where XDG says, unless that is no absolute path", () => {
      assert.equal(cacheRoot({ XDG_CACHE_HOME: "/x" }), "/x/pulumi-mesos");
      assert.match(cacheRoot({ XDG_CACHE_HOME: "x" }), /\/\.cache\/pulumi-mesos$/);
    });

    it("names a folder by its paths and contents", () => {
      writeFileSync(join(folder, "a"), "1");
      const first = folderKey(folder);
      assert.equal(folderKey(folder), first);
      writeFileSync(join(folder, "a"), "2");
      assert.notEqual(folderKey(folder), first);
    });

    it("sweeps what a cut set-up left beside a folder, and only that", () => {
      for (const name of ["k", "k.12.tmp", "k2.13.tmp"]) mkdirSync(join(folder, name));
      sweep(join(folder, "k"));
      assert.doesNotThrow(() => statSync(join(folder, "k2.13.tmp")));
      assert.throws(() => statSync(join(folder, "k.12.tmp")), { code: "ENOENT" });
    });
  });

  describe("lock", () => {
    it("is stale when its process is gone or another one has its pid, and for cut files", () => {
      const text = JSON.stringify({ pid: 7, start: "100", host: "h" });
      assert.ok(!isStale(text, { host: "h", startOf: () => "100" }));
      assert.ok(isStale(text, { host: "h", startOf: () => undefined }));
      assert.ok(isStale(text, { host: "h", startOf: () => "200" }));
      assert.ok(!isStale(text, { host: "other", startOf: () => undefined }));
      assert.ok(isStale(""));
    });

    it("lets one in at a time, and takes over from the dead", async () => {
      const path = join(folder, "locks/x.lock");
      mkdirSync(join(folder, "locks"));
      writeFileSync(path, "cut");
      let inside = 0;
      const notes = [];
      const work = async () => {
        inside += 1;
        assert.equal(inside, 1);
        await new Promise((done) => setImmediate(done));
        inside -= 1;
      };
      await Promise.all([1, 2].map(() => withLock(path, (line) => notes.push(line), work)));
      assert.equal(notes.length, 1);
      assert.throws(() => readFileSync(path), { code: "ENOENT" });
    });
  });

  describe("images", () => {
    it("take Debian's own sources of this release from the machine's, the archive first, each once", () => {
      const targets = [
        "http://mirror.example/security bookworm-security main Packages",
        "http://mirror.example/debian bookworm main DEP-11",
        "http://mirror.example/debian bookworm-updates main Packages",
        "http://mirror.example/debian bookworm main Packages",
        "http://mirror.example/debian bookworm main Packages",
        "http://mirror.example/debian trixie main Packages",
        "",
      ];
      assert.deepEqual(sourceLines(targets.join("\n")), [
        "deb http://mirror.example/debian bookworm main",
        "deb http://mirror.example/security bookworm-security main",
        "deb http://mirror.example/debian bookworm-updates main",
      ]);
    });

    const write = (path, value) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), typeof value === "string" ? value : JSON.stringify(value));
    };

    it("hold a package with what it needs, nested versions where they belong, and nothing of development", async () => {
      write("packages/ours/package.json", {
        name: "@us/ours",
        version: "1.0.0",
        files: ["bin", "dist", "!dist/**/*.test.*"],
        bin: { "our-program": "bin/our-program" },
        dependencies: { a: "1", b: "1" },
        devDependencies: { d: "1" },
        optionalDependencies: { absent: "1" },
      });
      write("packages/ours/bin/our-program", "#!/bin/sh\n");
      write("packages/ours/dist/main.js", "");
      write("packages/ours/dist/main.test.js", "");
      write("packages/ours/src/main.ts", "");
      mkdirSync(join(folder, "node_modules/@us"), { recursive: true });
      symlinkSync("../../packages/ours", join(folder, "node_modules/@us/ours"));
      write("node_modules/a/package.json", { name: "a", dependencies: { c: "2" } });
      write("node_modules/a/node_modules/c/package.json", { name: "c", version: "2.0.0" });
      write("node_modules/b/package.json", { name: "b", dependencies: { c: "1", a: "1" } });
      write("node_modules/c/package.json", { name: "c", version: "1.0.0" });
      write("node_modules/d/package.json", { name: "d" });
      const relative = runtimePackages(folder, "@us/ours").map((path) => path.slice(folder.length + 1));
      assert.deepEqual(relative.sort(), [
        "node_modules/@us/ours",
        "node_modules/a",
        "node_modules/a/node_modules/c",
        "node_modules/b",
        "node_modules/c",
      ]);
      const target = join(folder, "target");
      await copyApp(folder, "@us/ours", target);
      const version = (path) => JSON.parse(readFileSync(join(target, path, "package.json"), "utf8")).version;
      assert.equal(version("node_modules/c"), "1.0.0");
      assert.equal(version("node_modules/a/node_modules/c"), "2.0.0");
      assert.equal(readFileSync(join(target, "node_modules/.bin/our-program"), "utf8"), "#!/bin/sh\n");
      assert.ok(statSync(join(target, "node_modules/@us/ours/dist/main.js")).isFile());
      for (const path of [
        "node_modules/d",
        "node_modules/@us/ours/dist/main.test.js",
        "node_modules/@us/ours/src",
      ])
        assert.throws(() => statSync(join(target, path)), { code: "ENOENT" });
    });

    it("cannot be made when a package is not installed", () => {
      write("node_modules/a/package.json", { name: "a", dependencies: { missing: "1" } });
      assert.throws(() => runtimePackages(folder, "a"), /a: missing is not installed/);
    });
  });
});
