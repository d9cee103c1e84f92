// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "@pulumi-mesos/model";
import type { RenderedCluster, RenderedMachine } from "./aws-rendered";
import type { DockerHost } from "./docker-host";
import { eventually, hangMs } from "./eventually";

const network = "pulumi-mesos-test-machines";
/** The data roots of the machines' dockerds. */
const volume = "pulumi-mesos-test-stores";
const mighty = ["--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--security-opt", "seccomp=unconfined"];
/** The image mounts its control groups by itself, in a namespace of them. */
const asMachine = [
  ...mighty,
  ...["--cgroupns", "private", "--tmpfs", "/sys/fs/cgroup", "--tmpfs", "/run", "--tmpfs", "/tmp"],
];

/**
 * Machines of AWS as containers of the image `machine`: systemd is their first process, cloud-init carries their user data out,
 * and a dockerd of their own runs their program. A folder of Docker's stands in for the data volume.
 */
export class BootedMachines {
  readonly #host: DockerHost;
  readonly #scratch = mkdtempSync(path.join(tmpdir(), "booted-machines-"));

  constructor(host: DockerHost) {
    this.#host = host;
  }

  /** Switches all machines on, in a network of their own; answers why they cannot run here, nothing when they can. */
  async boot(cidr: string, { machines, parameters }: RenderedCluster): Promise<string | undefined> {
    await this.#remove(); // what a run that was cut short has left
    for (const [name, value] of parameters) this.#write(path.join("parameters", name), value);
    await this.#host.docker("network", "create", "--subnet", cidr, network);
    await this.#host.docker("volume", "create", volume);
    const [stores = ""] = await this.#host.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume);
    const failure = await this.#fillStores(machines);
    if (failure !== undefined) return failure;
    await Promise.all(machines.map((machine) => this.#boot(machine, stores)));
    const failures = await Promise.all(machines.map(({ name }) => this.#whyNoSystemd(name)));
    const [reason] = failures.filter((one) => one !== undefined);
    if (reason !== undefined) return `systemd does not start in a container: ${reason}`;
    for (const { name } of machines)
      await eventually(hangMs, async () =>
        assert.equal(await this.stateOf(name, "docker.service"), "active", name),
      );
    const refusals = await Promise.all(machines.map((machine) => this.#whyNoContainer(machine)));
    return refusals.find((one) => one !== undefined);
  }

  /** Runs a command on a machine; answers what it prints, in lines. */
  on(member: string, ...command: string[]): Promise<string[]> {
    return this.#host.docker("exec", nameOf(member), ...command);
  }

  async stateOf(member: string, unit: string, property = "ActiveState"): Promise<string> {
    const [value = ""] = await this.on(member, "systemctl", "show", "--value", "--property", property, unit);
    return value;
  }

  /** Takes a machine's power away, and gives it back. */
  async cutPower(member: string): Promise<void> {
    await this.#host.docker("kill", nameOf(member));
    await this.#host.docker("start", nameOf(member));
  }

  /** What the units of machines said. */
  async logs(members: readonly string[]): Promise<string> {
    const command = "journalctl --no-pager --lines 40 --unit pulumi-mesos --unit docker".split(" ");
    const all = members.map(
      async (member) => `== ${member}\n${(await this.on(member, ...command)).join("\n")}`,
    );
    return (await Promise.all(all)).join("\n");
  }

  async close(): Promise<void> {
    await this.#remove();
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  async #remove(): Promise<void> {
    const all = await this.#host.docker("ps", "--all", "--quiet", "--filter", `network=${network}`);
    if (all.length > 0) await this.#host.docker("rm", "--force", "--volumes", ...all);
    const made = await this.#host.docker("network", "ls", "--quiet", "--filter", `name=^${network}$`);
    if (made.length > 0) await this.#host.docker("network", "rm", network);
    const filled = await this.#host.docker("volume", "ls", "--quiet", "--filter", `name=^${volume}$`);
    if (filled.length > 0) await this.#host.docker("volume", "rm", volume);
  }

  /** Gives each machine's dockerd the images; answers why not, where none starts in a container. */
  async #fillStores(machines: readonly RenderedMachine[]): Promise<string | undefined> {
    const images = [...new Set(machines.map(({ image }) => image))];
    const said = await this.#host.docker(
      ...["run", "--rm", ...mighty, "--network", "none"],
      ...["--volume", `${this.#host.socket}:/host.sock`, "--volume", `${volume}:/stores`],
      ...["--entrypoint", "fill-stores", machineImage(images[0]), "/stores", images.join(" ")],
      ...machines.map(({ name }) => name),
    );
    return said.find((line) => !line.startsWith("Loaded image"));
  }

  async #boot({ name, address, userData, image }: RenderedMachine, stores: string): Promise<void> {
    this.#write(path.join(name, "user-data"), userData);
    this.#write(path.join(name, "meta-data"), `instance-id: ${name}\n`);
    const volumes = [
      `${path.join(this.#scratch, name)}:/var/lib/cloud/seed/nocloud:ro`,
      `${path.join(this.#scratch, "parameters")}:/parameters:ro`,
      `${path.join(stores, name)}:/var/lib/docker`,
      "/var/lib/pulumi-mesos",
    ];
    await this.#host.docker(
      ...["run", "--detach", "--name", nameOf(name), "--network", network, "--ip", address],
      ...asMachine,
      ...volumes.flatMap((one) => ["--volume", one]),
      machineImage(image),
    );
  }

  /** Where it cannot start it ends, or stands and answers nobody. */
  async #whyNoSystemd(member: string): Promise<string | undefined> {
    try {
      return await eventually(hangMs, async () => {
        const [running] = await this.#host.docker(
          "inspect",
          "--format",
          "{{.State.Running}}",
          nameOf(member),
        );
        if (running !== "true")
          return `it has ended: ${(await this.#host.docker("logs", nameOf(member))).at(-1)}`;
        // One that stands answers nobody, and would be waited for without end.
        await this.on(member, "timeout", "10", "systemctl", "show", "--property", "Version");
        return undefined;
      });
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Where a dockerd in a container starts, but may not write to the control groups: it has no place for a container then. */
  async #whyNoContainer({ name, image }: RenderedMachine): Promise<string | undefined> {
    try {
      await this.on(name, ..."docker run --rm --network none --entrypoint true".split(" "), image);
      return undefined;
    } catch (error) {
      const groups = await this.on(name, "grep", " /sys/fs/cgroup", "/proc/self/mountinfo");
      console.log(`${name}\n${groups.join("\n")}`);
      return `a dockerd in a container runs none: ${messageOf(error).replaceAll(/\s+/g, " ")}`;
    }
  }

  #write(file: string, text: string): void {
    const at = path.join(this.#scratch, file);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, text);
  }
}

/** The machine for a program's image, of the same version. */
function machineImage(image = ""): string {
  return image.replace(/\/\w+:/, "/machine:");
}

function nameOf(member: string): string {
  return `pulumi-mesos-test-${member}`;
}
