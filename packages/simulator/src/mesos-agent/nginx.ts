// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { PortMapping, TaskInfo } from "../protocol/types";

/** Whether an image is nginx's own, so that Debian's nginx can serve in its place. */
export function isNginx(image: string): boolean {
  return /^(?:docker\.io\/)?(?:library\/)?nginx(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/.test(image);
}

/** A program on the search path, /usr/sbin last. */
export function findProgram(name: string, path: string): string | undefined {
  const directories = [...path.split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return directories
    .filter((d) => d !== "")
    .map((d) => join(d, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not there or not ours to run: the next directory is looked at
  }
}

/** Port mappings, wherever the container carries them. */
export function portMappings(info: TaskInfo): readonly PortMapping[] {
  const { docker, network_infos } = info.container ?? {};
  return docker?.port_mappings ?? network_infos?.flatMap((n) => n.port_mappings ?? []) ?? [];
}

const documentRoot = "/usr/share/nginx/html";

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto; font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and working.</p>
</body>
</html>
`;

export interface NginxOptions {
  readonly program: string;
  readonly info: TaskInfo;
  readonly sandbox: string;
  /** The agent's own address: nothing listens on all of them. */
  readonly ip: string;
}

/** Writes a configuration into the sandbox; the command line that serves it in the foreground. */
export function prepareNginx(options: NginxOptions): string[] {
  const { program, info, sandbox, ip } = options;
  const wrong = cannotServe(info);
  if (wrong !== undefined) throw new MesosError("MESOS_SIMULATOR_IMAGE", wrong);
  const mounted = info.container?.volumes?.find((v) => v.container_path === documentRoot)?.host_path;
  const html = mounted ?? ownHtml(program, sandbox);
  const host = info.container?.docker?.network === "HOST";
  const ports = host
    ? [80]
    : portMappings(info)
        .filter((m) => m.container_port === 80)
        .map((m) => m.host_port);
  const listen = ports.length === 0 ? [`unix:${sandbox}/nginx.sock`] : ports.map((port) => `${ip}:${port}`);
  mkdirSync(join(sandbox, "tmp"), { recursive: true, mode: 0o700 });
  for (const value of [html, sandbox]) quotable(value);
  writeFileSync(join(sandbox, "nginx.conf"), configuration(sandbox, html, listen), { mode: 0o600 });
  return [program, "-p", sandbox, "-e", join(sandbox, "stderr"), "-c", join(sandbox, "nginx.conf")];
}

function cannotServe(info: TaskInfo): string | undefined {
  const { command, container } = info;
  if (command?.value !== undefined || (command?.arguments ?? []).length > 0) {
    return "the local nginx serves nginx's own page only, without cmd or args";
  }
  const other = container?.volumes?.find((v) => v.container_path !== documentRoot);
  return other && `the local nginx knows no volume at ${other.container_path}, only at ${documentRoot}`;
}

/** The page of the distribution's package beside the program, otherwise an equal one of ours. */
function ownHtml(program: string, sandbox: string): string {
  const near = join(dirname(realpathSync(program)), "..", "share", "nginx", "html");
  const found = [documentRoot, near].find((d) => existsSync(join(d, "index.html")));
  if (found !== undefined) return found;
  const own = join(sandbox, "html");
  mkdirSync(own, { recursive: true, mode: 0o700 });
  writeFileSync(join(own, "index.html"), welcome);
  return own;
}

function quotable(path: string): void {
  if (/["\\\n$;{}]/.test(path)) {
    throw new MesosError("MESOS_SIMULATOR_IMAGE", `a path for nginx may not hold quotes or braces: ${path}`);
  }
}

function configuration(sandbox: string, html: string, listen: readonly string[]): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
worker_processes 1;
pid "${sandbox}/nginx.pid";
error_log "${sandbox}/stderr" notice;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 1024; }
http {
  default_type application/octet-stream;
  types {
    text/html html htm; text/css css; text/plain txt; text/javascript js mjs; application/json json;
    image/png png; image/jpeg jpg jpeg; image/gif gif; image/svg+xml svg; image/x-icon ico; font/woff2 woff2;
  }
  access_log "${sandbox}/stdout";
${temporary.map((name) => `  ${name}_temp_path "${sandbox}/tmp/${name}";`).join("\n")}
  sendfile on;
  keepalive_timeout 65;
  server {
${listen.map((address) => `    listen ${address};`).join("\n")}
    server_name localhost;
    location / { root "${html}"; index index.html index.htm index.nginx-debian.html; }
  }
}
`;
}
