// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  EC2Client,
  type Instance,
} from "@aws-sdk/client-ec2";
import { awsCommand } from "../aws-plugin/s3";
import { machinePrograms, places } from "./aws-machine-programs";
import type { AwsCall, Moto } from "./moto";
import { killAll, processesWith } from "./processes";
import { repository } from "./repository";

interface Machine {
  readonly directory: string;
  readonly process: ChildProcess;
}

interface WrittenFile {
  readonly path: string;
  readonly permissions?: string;
  readonly content: string;
}

const unitPath = "/etc/systemd/system/pulumi-mesos.service";

/** After these an instance may have come up or gone down. */
const moving =
  /^(RunInstances|StartInstances|StopInstances|TerminateInstances|AttachVolume|DetachVolume|SetDesiredCapacity|TerminateInstanceInAutoScalingGroup|DeleteAutoScalingGroup)$/;

/**
 * What stands in for the machines, which moto records but never starts: for each running instance its user data is carried
 * out on this machine, as cloud-init and systemd would. The files lie in a directory of its own instead of /; the commands of
 * its unit run in their order, for which `aws`, `docker` and the instance's metadata are small scripts;
 * the program is the one in the image, of this repository, and it listens at the instance's private address. What watches for
 * the end of a machine does not run: moto tells no machine of it.
 */
export class AwsMachines {
  readonly #root: string;
  readonly #moto: Moto;
  readonly #region: string;
  readonly #ec2: EC2Client;
  readonly #machines = new Map<string, Machine>();
  #last: Promise<void> = Promise.resolve();

  constructor(root: string, moto: Moto, region: string) {
    this.#root = root;
    this.#moto = moto;
    this.#region = region;
    const keys = { accessKeyId: "test", secretAccessKey: "test" };
    this.#ec2 = new EC2Client({ endpoint: moto.endpoint, region, credentials: keys });
    const bin = path.join(root, "bin");
    mkdirSync(bin, { recursive: true });
    for (const [name, text] of Object.entries(machinePrograms))
      writeFileSync(path.join(bin, name), text, { mode: 0o755 });
    moto.done = (call) => this.#follow(call);
  }

  /** Ends every machine. */
  async close(): Promise<void> {
    await this.#last;
    for (const id of this.#machines.keys()) await this.#stop(id);
  }

  /** A directory for each machine, with the output of its program in `log`. */
  get directory(): string {
    return this.#root;
  }

  /** Ids of those that run. */
  get running(): readonly string[] {
    return [...this.#machines.keys()];
  }

  /** The instances of a member or group, by the name of their launch, that moto calls running. */
  async instancesOf(name: string): Promise<Instance[]> {
    return (await this.#instances()).filter(({ Tags = [] }) =>
      Tags.some(({ Key, Value = "" }) => (Key === "Name" || Key === "pulumi-mesos.pool") && Value === name),
    );
  }

  /** What an instance's user data have cloud-init write. */
  async filesOf({ InstanceId }: Instance): Promise<readonly WrittenFile[]> {
    const attribute = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "userData" });
    const { UserData } = await this.#ec2.send(attribute);
    const data = Buffer.from(UserData?.Value ?? "", "base64");
    // As cloud-init does.
    const text = (data.readUInt16BE(0) === 0x1f8b ? gunzipSync(data) : data).toString();
    return (JSON.parse(text.slice(text.indexOf("\n"))) as { write_files: WrittenFile[] }).write_files;
  }

  async #follow({ action }: AwsCall): Promise<void> {
    if (!moving.test(action)) return;
    this.#last = this.#last.then(() => this.#reconcile());
    await this.#last;
  }

  async #reconcile(): Promise<void> {
    const running = await this.#instances();
    const ids = new Set(running.map(({ InstanceId }) => InstanceId));
    for (const id of this.#machines.keys()) if (!ids.has(id)) await this.#stop(id);
    for (const instance of running)
      if (!this.#machines.has(instance.InstanceId ?? "")) await this.#start(instance);
  }

  async #instances(): Promise<Instance[]> {
    const { Reservations = [] } = await this.#ec2.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
    const all = Reservations.flatMap(({ Instances = [] }) => Instances);
    return all.filter(({ State }) => State?.Name === "running");
  }

  async #start(instance: Instance): Promise<void> {
    const id = instance.InstanceId ?? "";
    const files = await this.filesOf(instance);
    const fstab = files.find((file) => file.path === "/etc/fstab")?.content;
    const volume = fstab && volumeOf(instance, fstab);
    // As systemd does, the program waits for the volume with its data.
    if (fstab !== undefined && volume === undefined) return;
    const directory = path.join(this.#root, id);
    const within = (where: string): string => path.join(directory, where);
    for (const place of ["opt", "run", "etc", "var/lib"]) mkdirSync(within(place), { recursive: true });
    mkdirSync(within("run/pulumi-mesos/conf"), { recursive: true });
    symlinkSync(within("run/pulumi-mesos/conf"), within("etc/pulumi-mesos"));
    const disk = path.join(this.#root, volume ?? `${id}-root`);
    mkdirSync(disk, { recursive: true });
    symlinkSync(disk, within("var/lib/pulumi-mesos"));
    for (const file of files.filter((one) => one.path.startsWith("/opt/pulumi-mesos/"))) {
      mkdirSync(path.dirname(within(file.path)), { recursive: true });
      const content = file.content.replace(places, (place) => within(place));
      writeFileSync(within(file.path), content, { mode: Number.parseInt(file.permissions ?? "644", 8) });
    }
    const unit = files.find((file) => file.path === unitPath)?.content ?? "";
    const service = serviceOf(unit.replace(places, (place) => within(place)));
    this.#machines.set(id, { directory, process: this.#boot(instance, directory, service) });
  }

  #boot(instance: Instance, directory: string, service: string): ChildProcess {
    const log = openSync(path.join(directory, "log"), "a");
    const own = path.join(repository, "node_modules/.bin");
    const PROGRAMS = `${own}${path.delimiter}${process.env["PATH"]}`;
    const child = spawn("/bin/sh", ["-c", service], {
      detached: true,
      stdio: ["ignore", log, log],
      env: {
        PROGRAMS,
        PATH: `${path.join(this.#root, "bin")}${path.delimiter}${PROGRAMS}`,
        MACHINE: directory,
        ADDRESS: instance.PrivateIpAddress,
        ZONE: instance.Placement?.AvailabilityZone,
        MOTO: this.#moto.endpoint,
        AWS_REGION: this.#region,
        AWS_COMMAND: awsCommand(),
        // The role of the machine.
        ...this.#moto.env,
      },
    });
    closeSync(log);
    return child;
  }

  async #stop(id: string): Promise<void> {
    const machine = this.#machines.get(id);
    if (machine === undefined) return;
    this.#machines.delete(id);
    const ended = once(machine.process, "exit");
    killAll(processesWith(machine.directory));
    await ended;
  }
}

/** What systemd would do by a unit that restarts always, as a shell does it. */
function serviceOf(unit: string): string {
  const commands = [...unit.matchAll(/^ExecStart(?:Pre)?=(.+)$/gm)].map(([, command = ""]) => command);
  const [, seconds] = /^Restart=always\nRestartSec=(\d+)$/m.exec(unit) ?? [];
  if (commands.length === 0 || seconds === undefined)
    throw new Error(`no unit that restarts always: ${unit}`);
  return `while :; do ${commands.join(" && ")}; sleep ${seconds}; done`;
}

/** The volume that a line of /etc/fstab mounts, once it is attached. */
function volumeOf({ BlockDeviceMappings = [] }: Instance, fstab: string): string | undefined {
  const ids = BlockDeviceMappings.map(({ Ebs }) => Ebs?.VolumeId ?? "");
  return ids.find((id) => id !== "" && fstab.includes(id.replace("-", "")));
}
