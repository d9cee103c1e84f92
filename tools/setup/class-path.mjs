// SPDX-License-Identifier: Apache-2.0

import { existsSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheRoot, digest } from "./cache.mjs";

// What the manifest of Debian's zookeeper.jar names (there with absolute paths, which miss an extracted tree), plus a
// log binding; older releases also ask for log4j. What a release does not have is left out.
const jars = [
  "zookeeper",
  "zookeeper-jute",
  "commons-cli",
  "commons-io",
  "findbugs-annotations",
  "jackson-annotations",
  "jackson-core",
  "jackson-databind",
  "jetty9-client",
  "jetty9-http",
  "jetty9-io",
  "jetty9-security",
  "jetty9-server",
  "jetty9-servlet",
  "jetty9-util",
  "jetty9-util-ajax",
  "log4j-1.2",
  "metrics-core",
  "netty-buffer",
  "netty-codec",
  "netty-common",
  "netty-handler",
  "netty-resolver",
  "netty-transport",
  "netty-transport-native-epoll",
  "netty-transport-native-unix-common",
  "servlet-api",
  "slf4j-api",
  "slf4j-simple",
  "snappy-java",
];

/** The jars of ZooKeeper in a tree of packages; libraries that the system has are not extracted again. */
export function zooKeeperJars(root) {
  const folders = [...new Set([join(root, "usr/share/java"), "/usr/share/java"])];
  if (!existsSync(join(folders[0], "zookeeper.jar"))) return undefined;
  const found = jars.map((jar) =>
    folders.map((folder) => join(folder, `${jar}.jar`)).find((path) => existsSync(path)),
  );
  return found.filter((path) => path !== undefined);
}

/** The class path where all packages are installed; Java passes over what a release does not have. */
export function classPathIn(folder) {
  return jars.map((jar) => `${folder}/${jar}.jar`).join(":");
}

/** A folder with links to the jars, for a class path of one word: thirty paths in every `ps` help nobody. */
export function linkJars(paths) {
  const home = join(cacheRoot(), "share", `zookeeper-${digest(paths)}`);
  if (existsSync(home)) return home;
  const temporary = `${home}.${process.pid}.tmp`;
  mkdirSync(temporary, { recursive: true });
  for (const path of paths) symlinkSync(path, join(temporary, basename(path)));
  renameSync(temporary, home);
  return home;
}
