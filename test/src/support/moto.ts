// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";

/** One call of AWS: `RunInstances` with its parameters as they were sent. */
export interface AwsCall {
  readonly action: string;
  readonly params: Readonly<Record<string, string>>;
  /** `ec2`. */
  readonly service: string;
}

/** What AWS answers instead of moto. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Whether a call is refused. */
export type Refuses = (call: AwsCall) => Refusal | undefined;

const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

/**
 * moto 5.2.5 reads the user data of a launch template's first version alone, and fails to launch by any other. And it takes what a
 * bucket's policy refuses under a condition for refused without one: ours refuses what comes without TLS, which everything here does.
 */
const startText = `
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.utils import parse_user_data
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.server import main
create = LaunchTemplate.create_version
def create_version(self, data, description):
    if isinstance(data.get("UserData"), str):
        data = {**data, "UserData": parse_user_data(data["UserData"])}
    return create(self, data, description)
LaunchTemplate.create_version = create_version
FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL
main()
`;

/** A moto server, behind a door that notes every call in its order, refuses some, and tells what was done. */
export class Moto {
  readonly calls: AwsCall[] = [];
  /** moto itself, without the door. */
  readonly endpoint: string;
  refuses: Refuses = () => undefined;
  /** Awaited after each call that moto has done, before the caller hears of it. */
  done: (call: AwsCall) => Promise<void> = async () => undefined;
  readonly #process: ChildProcess;
  readonly #door: Server;

  private constructor(process: ChildProcess, endpoint: string) {
    this.#process = process;
    this.endpoint = endpoint;
    this.#door = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
    });
  }

  /** @param host where the door is */
  static async start(server: string, host = "127.0.0.1"): Promise<Moto> {
    const python = path.join(path.dirname(server), "python");
    const words = ["-c", startText, "-H", "127.0.0.1", "-p", "0"];
    const child = spawn(python, words, { stdio: ["ignore", "ignore", "pipe"] });
    const moto = new Moto(child, await endpointOf(child));
    moto.#door.listen(0, host);
    await once(moto.#door, "listening");
    return moto;
  }

  /** The environment of whoever talks to AWS through the door. */
  get env(): Readonly<Record<string, string>> {
    const { address, port } = this.#door.address() as AddressInfo;
    return { AWS_ENDPOINT_URL: `http://${address}:${port}`, ...credentials };
  }

  async close(): Promise<void> {
    this.#door.closeAllConnections();
    this.#door.close();
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const call = callOf(incoming, body);
    this.calls.push(call);
    const refusal = unknownToMoto(call) ?? this.refuses(call);
    if (refusal !== undefined) {
      outgoing.writeHead(refusal.status, { "content-type": "text/xml" });
      outgoing.end(refusalText(call, refusal));
      return;
    }
    const { method, url = "", headers } = incoming;
    const forwarded = request(new URL(url, this.endpoint), { method, headers });
    forwarded.end(body);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    const text = await bytesOf(answer);
    await this.done(call);
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    outgoing.end(text);
  }
}

/** moto says where it listens among its other lines, which are read on so that it never waits. */
function endpointOf(moto: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    moto.once("error", reject);
    moto.once("exit", (code) => reject(new Error(`moto ended with ${code}`)));
    createInterface({ input: moto.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      const [, endpoint] = /Running on (http:\/\/\S+)/.exec(line) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
    });
  });
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Of AWS's protocols: Query names its action in a form, JSON in a header, CBOR and REST in the path. */
function callOf({ method, url = "", headers }: IncomingMessage, body: Buffer): AwsCall {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";
  const target = headers["x-amz-target"];
  if (typeof target === "string") return { action: target.split(".").at(-1) ?? "", params: {}, service };
  if (headers["content-type"]?.includes("x-www-form-urlencoded")) {
    const { Action: action = "", ...params } = Object.fromEntries(new URLSearchParams(body.toString()));
    return { action, params, service };
  }
  const operation = /\/operation\/(\w+)$/.exec(url)?.[1];
  return { action: operation ?? `${method} ${url}`, params: {}, service };
}

/** moto keeps hooks of groups, and no machine waits at them: what AWS says of one that does not wait. */
function unknownToMoto({ action, params }: AwsCall): Refusal | undefined {
  if (action !== "CompleteLifecycleAction") return undefined;
  const message = `No active Lifecycle Action found with instance ID ${params["InstanceId"]}`;
  return { status: 400, code: "ValidationError", message };
}

/** EC2 writes failures in its own way, the other services of the Query protocol in another. */
function refusalText({ service }: AwsCall, { code, message }: Refusal): string {
  const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return service === "ec2"
    ? `<Response><Errors>${error}</Errors><RequestID>0</RequestID></Response>`
    : `<ErrorResponse>${error}<RequestId>0</RequestId></ErrorResponse>`;
}
