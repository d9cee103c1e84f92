// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { gzipSync } from "node:zlib";
import {
  containerLogOptions,
  containerPaths,
  dockerSocket,
  type Service,
  startCommand,
  tlsFiles,
} from "@pulumi-mesos/model";
import { ecrHostOf } from "./iam-policies";
import type { AptMirror } from "./platform-args";
import { quote } from "./shell";
import type { StoredObject } from "./stored-object";
import { watchScript, watchUnit, watchUnitFile } from "./watcher";

/** A file of a program as it lies in its container: its text, or where the instance fetches that with its own role. */
export type NodeFile = { readonly path: string; readonly mode: string } & (
  | { readonly content: string }
  | { readonly parameter: SecretParameter }
  | { readonly object: StoredObject }
);

/** One version of a secret in Parameter Store; its value is the file in base64, so that no byte of it is lost. */
export interface SecretParameter {
  readonly name: string;
  readonly version: number;
}

/** One program on one instance. */
export interface NodeProgram {
  readonly member: string;
  readonly region: string;
  readonly image: string;
  /** Who it runs as in its container. @default the image's */
  readonly user?: string;
  /** The program with its arguments; no secret stands in them. */
  readonly words: readonly string[];
  readonly files: readonly NodeFile[];
  /** Whether its address and zone are known only once it boots: `{address}` and `{zone}` stand for them. */
  readonly placedAtBoot?: boolean;
  /** Its auto-scaling group, where it is one of many: then it says what it learns about its end. */
  readonly group?: string;
  /** Whether it makes containers itself, by dockerd's socket. */
  readonly makesContainers?: boolean;
  /** The volume with the data that outlive the instance. */
  readonly volumeId?: string;
  readonly stop: Service["stop"];
  /** Packages of the operating system that bring `docker` and, where a file is fetched, `aws`. */
  readonly packages: readonly string[];
  readonly aptMirror?: AptMirror;
  /** The CloudWatch log group that takes the program's output. @default it stays on the instance, rotated */
  readonly logGroup?: string;
}

/** Most bytes of user data that EC2 takes. */
export const userDataLimit = 16 * 1024;

/** User data as EC2 takes them: as they are, or compressed and in base64. */
export type FittedUserData = { readonly plain: string } | { readonly base64: string };

/**
 * What is too long for EC2 is compressed, which cloud-init sees by itself; answers how long it still is where that is too long, too.
 *
 * @param limit for what is compressed
 */
export function fitUserData(
  text: string,
  limit = userDataLimit,
): FittedUserData | { readonly bytes: number } {
  if (Buffer.byteLength(text) <= userDataLimit) return { plain: text };
  const compressed = gzipSync(text, { level: 9 });
  return compressed.length <= limit
    ? { base64: compressed.toString("base64") }
    : { bytes: compressed.length };
}

const home = "/opt/pulumi-mesos";
const unit = "pulumi-mesos.service";
/** In memory, so that no secret is ever written to a disk. */
const confOnHost = "/run/pulumi-mesos/conf";
/** What a machine learns of itself when it boots. */
const placeFile = "/run/pulumi-mesos/place";
const { conf, data } = containerPaths;

/**
 * The `#cloud-config` of an instance: a systemd unit that runs the program's container on the instance's own network, with
 * its files, and the data volume formatted once and mounted. JSON, which is YAML, too.
 */
export function userData(program: NodeProgram): string {
  const { region, group } = program;
  const config = {
    ...(program.placedAtBoot ? {} : { preserve_hostname: false, hostname: program.member }),
    ssh_pwauth: false,
    ...(program.aptMirror === undefined ? {} : { apt: sourcesOf(program.aptMirror) }),
    package_update: true,
    packages: [...program.packages, ...(signsItsOwn(program) ? ["openssl"] : [])],
    write_files: [
      ...program.files.flatMap((file, index) =>
        "content" in file ? [rootFile(storedAt(index), "0600", file.content)] : [],
      ),
      rootFile(`${home}/prepare`, "0500", prepareScript(program)),
      rootFile(`${home}/run`, "0500", runScript(program)),
      rootFile(`/etc/systemd/system/${unit}`, "0644", unitFile(program)),
      ...(group === undefined
        ? []
        : [
            rootFile(`${home}/watch`, "0500", watchScript({ region, group })),
            rootFile(`/etc/systemd/system/${watchUnit}`, "0644", watchUnitFile(`${home}/watch`)),
          ]),
      ...(program.volumeId === undefined
        ? []
        : [{ path: "/etc/fstab", append: true, content: mountLine(program.volumeId) }]),
    ],
    runcmd: [
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", "docker.service"],
      // It may have to wait for its volume, and nobody for it.
      ["systemctl", "enable", "--now", "--no-block", unit],
      ...(group === undefined ? [] : [["systemctl", "enable", "--now", watchUnit]]),
    ],
  };
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}

/** As cloud-init's module `apt_configure` takes it. */
function sourcesOf({ primary, security = primary }: AptMirror): object {
  const at = (uri: string) => [{ arches: ["default"], uri }];
  return { primary: at(primary), security: at(security) };
}

function rootFile(path: string, permissions: string, content: string): object {
  return { path, owner: "root:root", permissions, content };
}

function storedAt(index: number): string {
  return `${home}/files/${index}`;
}

/**
 * Found by its id, because the names of NVMe devices change from boot to boot. The volume comes only after the instance, long
 * after it where an `up` was interrupted between the two, and systemd does not ask twice: it waits as long as that takes. It formats
 * the volume only when it is empty.
 */
function mountLine(volumeId: string): string {
  const device = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
  return `${device} ${data} ext4 defaults,nofail,x-systemd.makefs,x-systemd.growfs,x-systemd.device-timeout=infinity 0 2\n`;
}

/**
 * dockerd is wanted, not required: systemd gives a unit up for good when one that it requires does not start, so that a dockerd
 * that failed once would end the program for longer than itself.
 */
function unitFile({ member, volumeId, stop }: NodeProgram): string {
  const mounts = volumeId === undefined ? [] : [`RequiresMountsFor=${data}`];
  return [
    "[Unit]",
    `Description=pulumi-mesos ${member}`,
    "Wants=network-online.target docker.service",
    "After=network-online.target docker.service",
    ...mounts,
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    `ExecStartPre=${home}/prepare`,
    `ExecStart=${home}/run`,
    `ExecStop=/usr/bin/docker stop --time ${stop.graceSeconds} program`,
    `TimeoutStartSec=15min`,
    `TimeoutStopSec=${stop.graceSeconds + 30}`,
    // What a container's program ends with that stops when it is told to.
    `SuccessExitStatus=${128 + constants.signals[stop.signal]}`,
    "Restart=always",
    "RestartSec=2",
    "LimitNOFILE=16384",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}

/** Lays the program's files out anew before each start, and fetches its secrets by the instance's role. */
function prepareScript(program: NodeProgram): string {
  const { region, image, member, files, placedAtBoot, volumeId } = program;
  const ecr = ecrHostOf(image);
  return [
    "#!/bin/bash",
    "set -euo pipefail",
    "umask 077",
    "fetch() {",
    `  value=$(aws ssm get-parameter --region ${quote(region)} --with-decryption --name "$1" --query Parameter.Value --output text)`,
    '  base64 --decode <<<"$value" | install -D -m "$3" /dev/stdin "$2"',
    "}",
    ...(files.some((file) => "object" in file) ? loadLines(region) : []),
    `rm -rf ${confOnHost}`,
    `mkdir -p ${confOnHost}`,
    ...(volumeId === undefined ? [`mkdir -p ${data}`] : []),
    ...files.flatMap(fileLines),
    ...(placedAtBoot ? placeLines : []),
    ...(signsItsOwn(program) ? certificateLines(member) : []),
    ...(ecr === undefined
      ? []
      : [
          `aws ecr get-login-password --region ${quote(ecr.region)} | docker login --username AWS --password-stdin ${quote(ecr.host)}`,
        ]),
    "docker rm --force program >/dev/null 2>&1 || true",
    "",
  ].join("\n");
}

/** Lays one file out for the program. */
function fileLines(file: NodeFile, index: number): string[] {
  const { path, mode } = file;
  const at = quote(path.startsWith(`${conf}/`) ? `${confOnHost}${path.slice(conf.length)}` : path);
  if ("parameter" in file)
    return [`fetch ${quote(`${file.parameter.name}:${file.parameter.version}`)} ${at} ${mode}`];
  const install = `install -D -m ${mode} ${storedAt(index)} ${at}`;
  if ("content" in file) return [install];
  const { bucket, key, sha256 } = file.object;
  return [`load ${storedAt(index)} ${sha256} ${quote(bucket)} ${quote(key)}`, install];
}

/** Fetches an object once: what lies on the disk is taken as long as it is what was meant, and nothing else ever is. */
function loadLines(region: string): string[] {
  return [
    "load() {",
    '  sum="$2  $1"',
    '  if [ -e "$1" ] && sha256sum --check --status <<<"$sum"; then return; fi',
    '  mkdir -p "$(dirname "$1")"',
    `  aws s3api get-object --region ${quote(region)} --bucket "$3" --key "$4" "$1" >/dev/null`,
    '  sha256sum --check --quiet <<<"$sum"',
    "}",
  ];
}

/** Asks the instance's metadata where it is, and fills it in where a program reads it. */
const placeLines = [
  "metadata=http://169.254.169.254/latest",
  'token=$(curl -sSf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $metadata/api/token)',
  'look() { curl -sSf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"; }',
  "address=$(look local-ipv4)",
  "zone=$(look placement/availability-zone)",
  `printf 'address=%s\\nzone=%s\\n' "$address" "$zone" > ${placeFile}`,
  `sed -i "s/{address}/$address/g; s/{zone}/$zone/g" ${confOnHost}${containerPaths.environment.slice(conf.length)}`,
];

/** Whether it makes its certificate itself, for an address that nobody knows before. */
function signsItsOwn({ files }: NodeProgram): boolean {
  return files.some(({ path }) => path === `${conf}/${tlsFiles.issuer}`);
}

/**
 * A key and a certificate for the machine's address, anew before each start; what signs them does not stay. Its name is none of
 * a host, which the authority may not give.
 */
function certificateLines(member: string): string[] {
  const [key, cert, issuer] = [tlsFiles.key, tlsFiles.cert, tlsFiles.issuer].map(
    (file) => `${confOnHost}/${file}`,
  );
  const extensions =
    "basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage=serverAuth,clientAuth\\nsubjectAltName=IP:%s\\n";
  return [
    `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ${key}`,
    `openssl req -new -key ${key} -subj "/CN=${member} at $address" |`,
    `  openssl x509 -req -CA ${issuer} -CAkey ${issuer} -set_serial "0x$(openssl rand -hex 16)" -sha256 -days 3650 \\`,
    `    -extfile <(printf '${extensions}' "$address") > ${cert}`,
    `openssl x509 -in ${issuer} >> ${cert}`,
    `chmod 0400 ${key} ${cert}`,
    `rm ${issuer}`,
  ];
}

function runScript(program: NodeProgram): string {
  const { image, user, words, stop, placedAtBoot = false, makesContainers = false } = program;
  const [entry = "", ...entryWords] = startCommand;
  const options = [
    ...["--rm", "--init", "--network", "host", "--ulimit", "nofile=16384"],
    ...["--stop-signal", stop.signal],
    ...logArguments(program),
    ...["--volume", `${confOnHost}:${conf}:ro`, "--volume", `${data}:${data}`],
    ...(makesContainers ? ["--volume", `${dockerSocket}:${dockerSocket}`] : []),
    ...(user === undefined ? [] : ["--user", user]),
    ...["--entrypoint", entry],
  ];
  const command = ["docker", "run", "--name", "program", ...options, image, ...entryWords];
  const written = placedAtBoot ? words.map(quotePlaced) : words.map(quote);
  const lines = ["#!/bin/sh", ...(placedAtBoot ? [`. ${placeFile}`] : [])];
  return [...lines, `exec ${[...command.map(quote), ...written].join(" ")}`, ""].join("\n");
}

function logArguments({ member, region, logGroup, placedAtBoot = false }: NodeProgram): string[] {
  if (logGroup === undefined) return ["--log-driver", "json-file", ...logOptions(containerLogOptions)];
  // Members of a group are many: each container has a stream of its own.
  const stream: Readonly<Record<string, string>> = placedAtBoot
    ? { tag: `${member}/{{.ID}}` }
    : { "awslogs-stream": member };
  const options = { "awslogs-region": region, "awslogs-group": logGroup, ...stream };
  return ["--log-driver", "awslogs", ...logOptions(options)];
}

/** A word with the place of the machine filled in by the shell. */
function quotePlaced(word: string): string {
  if (word === "") return quote(word);
  return word
    .split(/(\{address\}|\{zone\})/)
    .map((part) =>
      part === "{address}" ? '"$address"' : part === "{zone}" ? '"$zone"' : part && quote(part),
    )
    .join("");
}

function logOptions(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([key, value]) => ["--log-opt", `${key}=${value}`]);
}
