// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { deriveAuthority, issueAuthority, keySeedLength } from "@pulumi-mesos/model/certificates";
import fc from "fast-check";
import { quote } from "./shell";
import { fitUserData, type NodeProgram, userData, userDataLimit } from "./user-data";

const program: NodeProgram = {
  member: "demo-zookeeper-1",
  region: "eu-central-1",
  image: "pulumi-mesos/zookeeper:0.1.0",
  words: ["zookeeper-server", "/etc/pulumi-mesos/zoo.cfg"],
  files: [
    { path: "/etc/pulumi-mesos/.start", mode: "0500", content: 'exec "$@"\n' },
    { path: "/var/lib/pulumi-mesos/myid", mode: "0400", content: "1\n" },
    {
      path: "/etc/pulumi-mesos/peers.conf",
      mode: "0400",
      parameter: { name: "/p/s/zk/peers.conf", version: 7 },
    },
  ],
  volumeId: "vol-0123456789abcdef0",
  stop: { signal: "SIGTERM", graceSeconds: 10 },
  packages: ["docker"],
};

interface WrittenFile {
  readonly path: string;
  readonly content: string;
  readonly permissions?: string;
  readonly append?: boolean;
}

interface CloudConfig {
  readonly hostname: string;
  readonly packages: readonly string[];
  readonly apt?: unknown;
  readonly write_files: readonly WrittenFile[];
  readonly runcmd: readonly (readonly string[])[];
}

function read(text: string): CloudConfig {
  assert.ok(text.startsWith("#cloud-config\n"));
  return JSON.parse(text.slice("#cloud-config\n".length)) as CloudConfig;
}

function written(config: CloudConfig, path: string): string {
  const found = config.write_files.find((file) => file.path === path);
  assert.ok(found, path);
  return found.content;
}

const change = (own: Partial<NodeProgram>): CloudConfig => read(userData({ ...program, ...own }));

describe("user data", () => {
  it("runs the program's container by a unit that starts it whenever it ends", () => {
    const config = change({});
    const unit = written(config, "/etc/systemd/system/pulumi-mesos.service");
    for (const line of [
      "Restart=always",
      "StartLimitIntervalSec=0",
      "LimitNOFILE=16384",
      "TimeoutStopSec=40",
      "SuccessExitStatus=143",
      "RequiresMountsFor=/var/lib/pulumi-mesos",
    ])
      assert.ok(unit.split("\n").includes(line), line);
    assert.equal(
      written(config, "/opt/pulumi-mesos/run"),
      "#!/bin/sh\nexec docker run --name program --rm --init --network host --ulimit nofile=16384 --stop-signal SIGTERM " +
        "--log-driver json-file --log-opt max-size=10m --log-opt max-file=3 " +
        "--volume /run/pulumi-mesos/conf:/etc/pulumi-mesos:ro --volume /var/lib/pulumi-mesos:/var/lib/pulumi-mesos " +
        "--entrypoint /bin/sh pulumi-mesos/zookeeper:0.1.0 /etc/pulumi-mesos/.start zookeeper-server /etc/pulumi-mesos/zoo.cfg\n",
    );
    const start = ["systemctl", "enable", "--now", "--no-block", "pulumi-mesos.service"];
    assert.deepEqual(config.runcmd.at(-1), start, "cloud-init ends while it waits for its volume");
    assert.deepEqual([config.hostname, config.packages], ["demo-zookeeper-1", ["docker"]]);
  });

  it("lets the unit go on without dockerd, which it would never come back from if it required it", () => {
    const unit = written(change({}), "/etc/systemd/system/pulumi-mesos.service").split("\n");
    assert.ok(unit.includes("Wants=network-online.target docker.service"));
    assert.ok(unit.includes("After=network-online.target docker.service"));
    assert.ok(!unit.some((line) => /^(Requires|BindsTo|Requisite)=/.test(line)));
  });

  it("lays each file out with its mode, and only root reads what it keeps", () => {
    const config = change({});
    const prepare = written(config, "/opt/pulumi-mesos/prepare").split("\n");
    assert.ok(prepare.includes("install -D -m 0500 /opt/pulumi-mesos/files/0 /run/pulumi-mesos/conf/.start"));
    assert.ok(prepare.includes("install -D -m 0400 /opt/pulumi-mesos/files/1 /var/lib/pulumi-mesos/myid"));
    assert.equal(written(config, "/opt/pulumi-mesos/files/1"), "1\n");
    for (const { path, permissions } of config.write_files.filter((f) => f.path.startsWith("/opt/")))
      assert.match(permissions ?? "", /^0[56]00$/, path);
  });

  it("names a secret by its version, fetches it before each start and keeps it in memory alone", () => {
    const prepare = written(change({}), "/opt/pulumi-mesos/prepare");
    assert.match(prepare, /^fetch \/p\/s\/zk\/peers\.conf:7 \/run\/pulumi-mesos\/conf\/peers\.conf 0400$/m);
    assert.notEqual(
      userData(program),
      userData({
        ...program,
        files: [
          {
            path: "/etc/pulumi-mesos/peers.conf",
            mode: "0400",
            parameter: { name: "/p/s/zk/peers.conf", version: 8 },
          },
        ],
      }),
    );
  });

  it("mounts the data volume by its id, formats it only when it is empty, and needs none without data", () => {
    const fstab = change({}).write_files.find(({ path }) => path === "/etc/fstab");
    assert.equal(fstab?.append, true);
    assert.match(
      fstab?.content ?? "",
      /^\/dev\/disk\/by-id\/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0 \/var\/lib\/pulumi-mesos ext4 \S*x-systemd\.makefs\S* 0 2\n$/,
    );
    assert.match(fstab?.content ?? "", /x-systemd\.device-timeout=infinity/, "a volume may come hours late");
    const without = change({ volumeId: undefined });
    assert.ok(!without.write_files.some(({ path }) => path === "/etc/fstab"));
    assert.doesNotMatch(written(without, "/etc/systemd/system/pulumi-mesos.service"), /RequiresMountsFor/);
    assert.match(written(without, "/opt/pulumi-mesos/prepare"), /^mkdir -p \/var\/lib\/pulumi-mesos$/m);
  });

  it("logs in where the registry is one of ECR, and nowhere else", () => {
    const image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/pulumi-mesos/zookeeper@sha256:00";
    const login =
      /^aws ecr get-login-password .* \| docker login .* 123456789012\.dkr\.ecr\.eu-central-1\.amazonaws\.com$/m;
    assert.match(written(change({ image }), "/opt/pulumi-mesos/prepare"), login);
    assert.doesNotMatch(written(change({}), "/opt/pulumi-mesos/prepare"), /docker login/);
  });

  it("is compressed only where it is too long for EC2, and says how long it is where that does not help", () => {
    const noted = (content: string): string =>
      userData({ ...program, files: [{ path: "/etc/pulumi-mesos/notes", mode: "0400", content }] });
    const short = noted("");
    assert.deepEqual(fitUserData(short), { plain: short });
    const exact = noted("x".repeat(userDataLimit - Buffer.byteLength(short)));
    assert.deepEqual([Buffer.byteLength(exact), fitUserData(exact)], [userDataLimit, { plain: exact }]);
    const long = noted(Array.from({ length: 2000 }, (_, i) => `--flag_${i}=value of ${i}\n`).join(""));
    const fitted = fitUserData(long);
    assert.ok("base64" in fitted);
    const bytes = Buffer.from(fitted.base64, "base64");
    assert.ok(bytes.length <= userDataLimit, String(bytes.length));
    assert.equal(gunzipSync(bytes).toString(), long);
    const noise = noted(randomBytes(20_000).toString("base64"));
    const left = fitUserData(noise);
    assert.ok("bytes" in left && left.bytes > userDataLimit);
  });

  it("loads a file from S3 once, by its checksum, and fails when there is something else", function () {
    this.timeout(60_000);
    const directory = mkdtempSync(path.join(tmpdir(), "user-data-"));
    const at = (name: string): string => path.join(directory, name);
    const content = "a: 'ä'\n";
    const sha256 = createHash("sha256").update(content).digest("hex");
    const object = { bucket: "files", key: `demo-zookeeper-1/zoo.cfg/${sha256}`, sha256 };
    const config = change({ files: [{ path: "/etc/pulumi-mesos/zoo.cfg", mode: "0440", object }] });
    assert.ok(config.write_files.every(({ path }) => !path.startsWith("/opt/pulumi-mesos/files")));
    const prepare = written(config, "/opt/pulumi-mesos/prepare").replace(
      /\/(?:opt|run|var\/lib)\/pulumi-mesos/g,
      (place) => at(place.slice(1)),
    );
    const start = (): ReturnType<typeof spawnSync> =>
      spawnSync("bash", {
        input: prepare,
        encoding: "utf8",
        env: { PATH: `${at("bin")}:${process.env["PATH"]}` },
      });
    const asked = (): string[] => readFileSync(at("asked"), "utf8").trim().split("\n");
    const aws = `#!/bin/sh\necho "$@" >>${at("asked")}\nfor file; do :; done\ncp ${at("bucket")} "$file"\n`;
    try {
      mkdirSync(at("bin"));
      writeFileSync(at("bin/aws"), aws, { mode: 0o755 });
      writeFileSync(at("bin/docker"), "#!/bin/sh\n", { mode: 0o755 });
      writeFileSync(at("bucket"), "something else\n");
      const refused = start();
      assert.equal(refused.status, 1);
      assert.match(String(refused.stdout), /files\/0: FAILED/);
      assert.ok(!existsSync(at("run/pulumi-mesos/conf/zoo.cfg")));
      writeFileSync(at("bucket"), content);
      for (const time of ["first", "again, from the disk"]) {
        assert.equal(start().status, 0, time);
        assert.equal(readFileSync(at("run/pulumi-mesos/conf/zoo.cfg"), "utf8"), content, time);
        assert.equal(statSync(at("run/pulumi-mesos/conf/zoo.cfg")).mode & 0o777, 0o440);
      }
      const get = `s3api get-object --region eu-central-1 --bucket files --key ${object.key} ${at("opt/pulumi-mesos/files/0")}`;
      assert.deepEqual(asked(), [get, get]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("sends the output to CloudWatch where a log group is given", () => {
    assert.match(
      written(change({ logGroup: "demo" }), "/opt/pulumi-mesos/run"),
      /--log-driver awslogs --log-opt awslogs-region=eu-central-1 --log-opt awslogs-group=demo --log-opt awslogs-stream=demo-zookeeper-1/,
    );
  });

  it("asks where the machine is, where only its boot tells, and fills that into the command line", () => {
    const config = change({
      placedAtBoot: true,
      words: ["agent", "--ip={address}", '--domain={"zone":"{zone}"}', ""],
    });
    const prepare = written(config, "/opt/pulumi-mesos/prepare");
    assert.match(prepare, /X-aws-ec2-metadata-token: \$token/);
    const run = written(config, "/opt/pulumi-mesos/run")
      .replace(/^\. .*$/m, "address=10.0.0.9 zone=a")
      .replace(/exec docker run .*?\/\.start/, "printf '%s\\n'");
    assert.equal(
      execFileSync("sh", { input: run }).toString(),
      'agent\n--ip=10.0.0.9\n--domain={"zone":"a"}\n\n',
    );
    assert.equal(config.hostname, undefined);
  });

  it("has apt ask the mirror that somebody names, for security updates as well unless they have one of their own", () => {
    assert.equal(change({}).apt, undefined);
    const at = (uri: string) => [{ arches: ["default"], uri }];
    const [ubuntu, security] = ["http://mirror.example/ubuntu", "http://mirror.example/security"];
    const aptMirror = { primary: ubuntu };
    assert.deepEqual(change({ aptMirror }).apt, { primary: at(ubuntu), security: at(ubuntu) });
    const both = change({ aptMirror: { ...aptMirror, security } });
    assert.deepEqual(both.apt, { primary: at(ubuntu), security: at(security) });
  });

  it("makes a certificate for the machine's own address, which is believed where its authority may sign for it", function () {
    this.timeout(60_000);
    const directory = mkdtempSync(path.join(tmpdir(), "user-data-"));
    const at = (name: string): string => path.join(directory, name);
    const seed = (text: string): Buffer => Buffer.alloc(keySeedLength, text);
    const authority = deriveAuthority("demo", seed("authority"));
    const range = { name: "demo-web", ranges: ["10.0.0.0/19", "10.0.64.0/19"] };
    const issuer = issueAuthority(authority, range, seed("demo-web"));
    const parameter = { name: "/p/s/demo-web/issuer.pem", version: 7 };
    const file = { path: "/etc/pulumi-mesos/tls/issuer.pem", mode: "0400", parameter };
    const config = change({ member: "demo-web", placedAtBoot: true, files: [file] });
    assert.deepEqual(config.packages, ["docker", "openssl"]);
    assert.deepEqual(change({ placedAtBoot: true }).packages, ["docker"]);
    const [, script = ""] =
      /^(openssl genpkey[\s\S]*^rm .*$)/m.exec(written(config, "/opt/pulumi-mesos/prepare")) ?? [];
    const boot = (address: string): string => {
      mkdirSync(at("tls"), { recursive: true });
      writeFileSync(at("tls/issuer.pem"), issuer.key + issuer.cert);
      const input = `set -euo pipefail\numask 077\naddress=${address}\n${script.replaceAll("/run/pulumi-mesos/conf", directory)}\n`;
      execFileSync("bash", { input, stdio: ["pipe", "pipe", "pipe"] });
      assert.ok(!existsSync(at("tls/issuer.pem")), "what signs does not stay");
      const verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", address];
      const files = ["-CAfile", at("ca.pem"), "-untrusted", at("tls/cert.pem"), at("tls/cert.pem")];
      const { stdout, stderr } = spawnSync("openssl", [...verify, ...files], { encoding: "utf8" });
      return `${stdout}${stderr}`;
    };
    try {
      writeFileSync(at("ca.pem"), authority.cert);
      assert.match(boot("10.0.31.9"), /cert\.pem: OK\n$/);
      const leaf = new X509Certificate(readFileSync(at("tls/cert.pem")));
      assert.ok(leaf.checkPrivateKey(createPrivateKey(readFileSync(at("tls/key.pem")))));
      assert.deepEqual([leaf.subjectAltName, leaf.ca], ["IP Address:10.0.31.9", false]);
      assert.equal(statSync(at("tls/key.pem")).mode & 0o777, 0o400);
      assert.match(boot("10.0.65.1"), /cert\.pem: OK\n$/);
      assert.match(boot("10.0.32.20"), /permitted subtree violation/, "a member with an identity has it");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("writes scripts that a shell can read, also of a machine that asks where it is", () => {
    const words = ["it's", "$(touch x)", "a b", "%h", "{address}"];
    for (const own of [
      { words, logGroup: "demo" },
      { words, logGroup: "demo", placedAtBoot: true, makesContainers: true, group: "demo web" },
    ])
      for (const { path, content } of change(own).write_files)
        if (content.startsWith("#!")) execFileSync("bash", ["-n"], { input: content });
        else assert.doesNotMatch(path, /prepare|run|watch$/);
  });

  it("hands every word over as it is", function () {
    this.timeout(60_000);
    const words = fc.array(
      fc.string({ minLength: 0, maxLength: 12 }).filter((word) => !word.includes("\0")),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(words, (all) => {
        const script = `printf '%s\\0' ${all.map(quote).join(" ")}`;
        assert.deepEqual(execFileSync("bash", ["-c", script]).toString().split("\0").slice(0, -1), all);
      }),
      { numRuns: 25 },
    );
  });
});
